import t from 'tap'
import { addressWarning } from '../../../src/cli/uniroute/inspector.js'
import { loadAgentConfig } from '../../../src/config/index.js'

function warning(addr: string, enabled = true): string | null {
  const overrides = [
    { path: ['inspect', 'addr'], value: addr, origin: '--inspect-addr' },
    { path: ['inspect', 'enabled'], value: enabled, origin: '--inspect' },
  ]
  return addressWarning(loadAgentConfig({ env: { HOME: t.testdir() }, overrides }).config)
}

t.test('an inspector that others can reach is warned of', async (t) => {
  for (const addr of ['4040', '127.0.0.1:4040', '127.0.0.2:4040', 'localhost:4040', '[::1]:4040']) {
    t.equal(warning(addr), null, addr)
  }
  for (const addr of ['0.0.0.0:4040', '[::]:4040', '192.0.2.1:4040', 'box.example:4040']) {
    t.match(warning(addr), /listens on .*without a password; leave --inspect-addr/, addr)
  }
  t.equal(warning('0.0.0.0:4040', false), null)
})
