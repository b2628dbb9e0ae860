import t from 'tap'
import { diffReload, loadAgentConfig, redactAgent, redactServer, serverConfigFrom } from '../../src/config/index.js'

const config = (raw: object) => serverConfigFrom({ certs: { mode: 'dev' }, ...raw }, 'test')

t.test('nothing changed', async (t) => {
  t.same(diffReload(config({}), config({ log: {}, limits: { sessions: 10_000 } })), {
    reloadable: [],
    needsRestart: [],
  })
})

t.test('changed keys by whether a reload puts them into effect', async (t) => {
  const before = config({ limits: { sessions: 1 }, listen: { proxy_protocol: ['10.0.0.0/8'] } })
  const after = config({
    limits: { sessions: 2, process_window_budget: '1GiB' },
    listen: { tls: 8443, proxy_protocol: ['10.0.0.0/9'] },
    log: { level: 'debug' },
  })
  t.same(diffReload(before, after), {
    reloadable: ['listen.proxy_protocol', 'limits.sessions', 'log.level'],
    needsRestart: ['listen.tls', 'limits.process_window_budget'],
  })
})

t.test('a change inside a list names the list', async (t) => {
  const files = (key: string) =>
    config({
      certs: {
        files: [
          { cert: '/a', key: '/b' },
          { cert: '/c', key },
        ],
      },
    })
  t.same(diffReload(files('/d'), files('/e')), { reloadable: ['certs.files'], needsRestart: [] })
})

t.test('redacted copies are plain and hold no secret', async (t) => {
  const env = { UNIROUTE_TOKEN: 'unr_hunter2', UNIROUTE_SERVER: 'x.example.com', XDG_CONFIG_HOME: '/nonexistent' }
  t.match(redactAgent(loadAgentConfig({ env }).config), { token: '***', server: { host: 'x.example.com' } })
  t.match(redactServer(config({})), { listen: { tls: { port: 443 } }, redis: null })
})
