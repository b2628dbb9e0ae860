import t from 'tap'
import { tryLogin } from '../../src/agent/index.js'
import { RefusedError } from '../../src/core/errors.js'
import { Secret } from '../../src/core/secret.js'
import { TestServer } from './test-server.js'

t.test('a login leaves no session behind that the server would hold', async (t) => {
  const server = await TestServer.start(t)
  server.resumeTimeoutMs = 600_000
  const options = {
    server: { host: 'localhost', port: server.port },
    token: new Secret('unr_test'),
    caFile: server.authority.ca,
    env: {},
  }
  t.strictSame(await tryLogin(options), { serverVersion: '9.9.9' })
  await server.until('the end of the session', () => server.sessions[0]?.closed === true)

  server.onHello = () => {
    throw new RefusedError('UR_TOKEN_INVALID', 'The token is not known.')
  }
  await t.rejects(tryLogin(options), { code: 'UR_TOKEN_INVALID' })
})
