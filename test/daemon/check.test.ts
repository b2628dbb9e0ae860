import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { stringify } from 'yaml'
import { loadServerConfig } from '../../src/config/index.js'
import { checkServer } from '../../src/daemon/check.js'

const KEY = Buffer.alloc(32, 1).toString('base64url')
const WHAT = 'key of the database’s secrets'

async function finding(t: Test, keyFile?: { text: string; mode: number }) {
  const dir = t.testdir({})
  const key_file = join(dir, 'my.key')
  if (keyFile) writeFileSync(key_file, keyFile.text, { mode: keyFile.mode })
  const certs = { mode: 'acme', ...(keyFile ? { key_file } : {}) }
  const listen = { tls: '127.0.0.1:0', http: '127.0.0.1:0', admin: 'off', metrics: 'off' }
  const file = join(dir, 'uniroutd.yml')
  const data_dir = join(dir, 'data')
  writeFileSync(file, stringify({ domain: 'tunnels.example.com', data_dir, certs, listen }))
  const findings = await checkServer(loadServerConfig({ file, env: {} }).config)
  t.notOk(existsSync(data_dir), 'a look leaves nothing behind')
  return findings.find(({ what }) => what === WHAT)
}

t.test('with certificates from authorities the key of their keys is looked at', async (t) => {
  t.match(await finding(t), { problem: null }, 'it is made at the start')
  t.match(await finding(t, { text: KEY, mode: 0o600 }), { problem: null })
  t.match(await finding(t, { text: KEY, mode: 0o644 }), { problem: /others may read it.*chmod 600.*UR_VAULT_KEY/ })
  t.match(await finding(t, { text: 'hello', mode: 0o600 }), { problem: /no key/ })
})
