import t from 'tap'
import { fuzzApi } from '../support/openapi-fuzz.js'
import { AdminApi } from './support.js'

t.test('random requests, as the served description says: no failure, no stack trace, no right exceeded', async (t) => {
  const api = await AdminApi.start(t)
  const agentToken = await api.server.createToken('fuzz')
  const { statuses } = await fuzzApi(api, { runs: 400, agentToken })
  t.comment(JSON.stringify([...statuses].sort()))
  for (const status of [200, 201, 401, 403, 404, 422]) t.ok(statuses.has(status), `${status} was among the answers`)
})
