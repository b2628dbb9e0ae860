import t from 'tap'
import { AdminApi } from '../admin/support.js'
import { fuzzApi } from '../support/openapi-fuzz.js'

t.test('30,000 random requests to the admin API', { timeout: 900_000 }, async (t) => {
  const api = await AdminApi.start(t)
  const agentToken = await api.server.createToken('fuzz')
  const { statuses } = await fuzzApi(api, { runs: 30_000, agentToken })
  t.comment(JSON.stringify([...statuses].sort()))
  t.match(await api.call('/api/v1/health'), { status: 200 })
})
