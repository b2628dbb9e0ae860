import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { KeyVault } from '../../src/certs/vault.js'
import { keySource, type VaultPlace } from '../../src/certs/vault-keys.js'

const K1 = Buffer.alloc(32, 1).toString('base64url')
const K2 = Buffer.alloc(32, 2).toString('base64url')

function vaultOf(place: Partial<VaultPlace>): Promise<KeyVault> {
  return KeyVault.open(keySource({ env: {}, file: null, dataDir: '/nowhere', ...place }))
}

const withKeys = (text: string) => vaultOf({ env: { UNIROUTE_VAULT_KEY: text } })

t.test('what is encrypted can be read for its purpose alone', async (t) => {
  const vault = await withKeys(K1)
  const sealed = vault.seal('key of a.example', 'süß')
  t.equal(vault.unseal('key of a.example', sealed), 'süß')
  t.notMatch(sealed, /süß/)
  t.not(vault.seal('key of a.example', 'süß'), sealed, 'never twice the same')
  t.throws(() => vault.unseal('key of b.example', sealed), { code: 'UR_VAULT_DAMAGED' })
  for (let at = sealed.lastIndexOf('.') + 1; at < sealed.length; at += 5) {
    const other = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1)
    t.throws(() => vault.unseal('key of a.example', other), { code: 'UR_VAULT_DAMAGED' })
  }
  for (let length = 0; length <= 28; length++) {
    const short = Buffer.alloc(length).toString('base64url')
    const cut = sealed.slice(0, sealed.lastIndexOf('.') + 1) + short
    t.throws(() => vault.unseal('key of a.example', cut), { code: 'UR_VAULT_DAMAGED' })
  }
})

t.test('old keys decrypt, the first one encrypts', async (t) => {
  const old = await withKeys(K1)
  const both = await withKeys(`${K2},${K1}`)
  const sealed = old.seal('x', 'text')
  t.equal(both.unseal('x', sealed), 'text')
  t.throws(() => old.unseal('x', both.seal('x', 'text')), { code: 'UR_VAULT_OTHER_KEY', message: /UNIROUTE_VAULT_KEY/ })
  t.ok(both.knows(sealed))
  t.notOk((await withKeys(K2)).knows(sealed))
  t.throws(() => old.unseal('x', 'v9.abc.def'), { code: 'UR_VAULT_OTHER_KEY', message: /another program/ })
  for (const key of [K1, K2]) t.notMatch(both.seal('x', 'text'), key)
})

t.test('the file in the data folder is made once, for its owner alone', async (t) => {
  const dataDir = join(t.testdir({}), 'data')
  const vaults = await Promise.all(Array.from({ length: 8 }, () => vaultOf({ dataDir })))
  const sealed = vaults[0]?.seal('x', 'text') ?? ''
  for (const vault of vaults) t.equal(vault.unseal('x', sealed), 'text')
  const file = join(dataDir, 'vault.key')
  t.equal(statSync(file).mode & 0o777, 0o600)
  chmodSync(file, 0o640)
  await t.rejects(vaultOf({ dataDir }), { code: 'UR_VAULT_KEY', message: /others may read it \(mode 640\).*chmod 600/ })
})

t.test('a file that the configuration names must be there', async (t) => {
  const dir = t.testdir({})
  const file = join(dir, 'my.key')
  await t.rejects(vaultOf({ file }), { code: 'UR_VAULT_KEY', message: /my\.key.*ENOENT/ })
  const cases: readonly [string, RegExp][] = [
    ['', /it is empty/],
    ['hello', /no key/],
    [`${K1}x`, /no key/],
    [`${K1}\nzz`, /no key/],
  ]
  for (const [text, message] of cases) {
    writeFileSync(file, text, { mode: 0o600 })
    await t.rejects(vaultOf({ file }), { code: 'UR_VAULT_KEY', message })
  }
  writeFileSync(file, `${Buffer.alloc(32, 0xff).toString('base64')}\n`)
  t.ok(await vaultOf({ file }), 'with + and / and = as openssl prints them')
})

t.test('a credential of systemd', async (t) => {
  const dir = t.testdir({ credentials: {} })
  const env = { CREDENTIALS_DIRECTORY: join(dir, 'credentials') }
  const dataDir = join(dir, 'data')
  mkdirSync(dataDir)
  const own = await vaultOf({ env, dataDir })
  t.equal(own.source.name, join(dataDir, 'vault.key'), 'the unit has none for us')
  t.ok(own.source.rotate)
  writeFileSync(join(dir, 'credentials', 'uniroute-vault-key'), K1, { mode: 0o440 })
  const vault = await vaultOf({ env, dataDir })
  t.equal(vault.unseal('x', (await withKeys(K1)).seal('x', 'text')), 'text')
  t.equal(vault.source.rotate, null)
  t.throws(() => vault.unseal('x', own.seal('x', 'text')), { code: 'UR_VAULT_OTHER_KEY' })
})

t.test('a new key goes before the newest old one, and others learn it when they need it', async (t) => {
  const dataDir = t.testdir({})
  const [a, b] = [await vaultOf({ dataDir }), await vaultOf({ dataDir })]
  const first = a.seal('x', 'first')
  await a.source.rotate?.()
  await a.refresh()
  const second = a.seal('x', 'second')
  t.equal(a.unseal('x', first), 'first')
  t.notOk(b.knows(second))
  await b.refresh()
  t.equal(b.unseal('x', second), 'second')
  await a.source.rotate?.()
  await a.refresh()
  t.notOk(a.knows(first))
  t.equal(a.unseal('x', second), 'second')
  t.equal(readFileSync(join(dataDir, 'vault.key'), 'utf8').trim().split('\n').length, 2)
  t.equal(statSync(join(dataDir, 'vault.key')).mode & 0o777, 0o600)
})
