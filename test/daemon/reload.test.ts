import t from 'tap'
import { diffReload, serverConfigFrom, type ServerConfig } from '../../src/config/index.js'
import { reloadedConfig } from '../../src/daemon/reload.js'

const config = (raw: object): ServerConfig =>
  serverConfigFrom({ certs: { mode: 'dev' }, data_dir: '/a', ...raw }, 'the test')

t.test('a running server follows what it can, and keeps the rest', async (t) => {
  const before = config({})
  const after = config({
    domain: 'other.example',
    grace_period: '5s',
    limits: { connections: 7, process_window_budget: '1GiB' },
    log: { level: 'debug', format: 'json' },
    listen: { tls: 8443, proxy_protocol: ['10.0.0.0/8'] },
  })
  const { config: now, diff } = reloadedConfig(before, after)
  t.match(now, {
    domain: 'localhost',
    grace_period: 5_000,
    limits: { connections: 7, process_window_budget: before.limits.process_window_budget },
    log: { level: 'debug', format: 'text' },
    listen: { tls: before.listen.tls, proxy_protocol: after.listen.proxy_protocol },
  })
  t.strictSame([...diff.needsRestart].sort(), ['domain', 'limits.process_window_budget', 'listen.tls', 'log.format'])
  t.strictSame(diffReload(now, after).reloadable, [], 'nothing that could be followed was left out')
  t.strictSame(diffReload(before, now).needsRestart, [], 'nothing else was touched')
})

t.test('without a change nothing changes', async (t) => {
  const before = config({})
  const { config: now, diff } = reloadedConfig(before, config({}))
  t.strictSame(diff, { reloadable: [], needsRestart: [] })
  t.equal(now, before)
})
