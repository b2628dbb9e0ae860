import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { FolderAccounts } from '../../../src/certs/folder/accounts.js'
import { FolderCertificates } from '../../../src/certs/folder/certificates.js'
import { KeyVault } from '../../../src/certs/vault.js'
import { keySource } from '../../../src/certs/vault-keys.js'
import type { CertificateRecord } from '../../../src/store/index.js'

const issuedAt = new Date('2026-06-01T00:00:00.000Z')

function record(name: string, more: Partial<CertificateRecord> = {}): CertificateRecord {
  const expiresAt = new Date('2026-08-30T00:00:00.000Z')
  const base = { chain: 'a chain', key: 'a sealed key', directory: 'https://ca.test/dir' }
  return { name, ...base, issuedAt, expiresAt, renewAt: null, askAt: null, ...more }
}

function failure(name: string) {
  const nextAt = new Date('2026-06-01T00:02:00.000Z')
  return { name, failures: 1, failedAt: issuedAt, nextAt, code: 'UR_ACME_DNS', message: 'no' }
}

function open(t: Test): Promise<FolderCertificates> {
  return FolderCertificates.open(t.testdirName)
}

t.test('what changed is told once, to each of several processes', async (t) => {
  t.testdir()
  const [one, two] = [await open(t), await open(t)]
  t.same(await one.changedSince(0), { cursor: 0, records: [] })
  await one.put(record('a.example.com'))
  await one.put(record('b.example.com', { renewAt: issuedAt }))
  const first = await two.changedSince(0)
  t.same(
    first.records.toSorted((a, b) => a.name.localeCompare(b.name)),
    [record('a.example.com'), record('b.example.com', { renewAt: issuedAt })],
  )
  t.same((await two.changedSince(first.cursor)).records, [])
  await one.put(record('a.example.com', { chain: 'a newer chain' }))
  t.match((await two.changedSince(first.cursor)).records, [{ name: 'a.example.com', chain: 'a newer chain' }])
  t.equal((await two.changedSince(0)).records.length, 2)
  t.same(await two.find('b.example.com'), record('b.example.com', { renewAt: issuedAt }))
  t.equal(await two.find('c.example.com'), null)
})

t.test('failures are kept until a certificate comes', async (t) => {
  t.testdir()
  const [one, two] = [await open(t), await open(t)]
  await one.noteFailure(failure('a.example.com'))
  t.same(await two.failures(), [failure('a.example.com')])
  await one.put(record('a.example.com'))
  t.same(await two.failures(), [])
})

t.test('when to renew is noted for the certificate that it was asked for, and for no other', async (t) => {
  t.testdir()
  const certificates = await open(t)
  await certificates.put(record('a.example.com'))
  const renewAt = new Date('2026-07-01T00:00:00.000Z')
  const note = { name: 'a.example.com', renewAt, askAt: issuedAt }
  await certificates.noteRenewal({ ...note, issuedAt: new Date(0) })
  t.equal((await certificates.find('a.example.com'))?.renewAt, null)
  await certificates.noteRenewal({ ...note, issuedAt })
  t.match(await certificates.find('a.example.com'), { renewAt, askAt: issuedAt })
})

t.test('names that do not fit into a file name, files of others, and files that were cut off', async (t) => {
  t.testdir()
  const certificates = await open(t)
  const long = `${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.example`
  const names = [long, '../../escape', 'UPPER']
  for (const name of names) await certificates.put(record(name))
  for (const name of names) t.equal((await certificates.find(name))?.name, name)
  const folder = join(t.testdirName, 'certificates')
  await writeFile(join(folder, 'a.example.com.json'), '{ "name": "a.exam')
  await writeFile(join(folder, 'notes.txt'), 'mine')
  t.equal(await certificates.find('a.example.com'), null, 'it is ordered anew')
  t.equal((await certificates.changedSince(0)).records.length, names.length)
  for (const name of await readdir(folder)) {
    if (name.endsWith('.json') && name !== 'a.example.com.json')
      t.equal((await stat(join(folder, name))).mode & 0o077, 0)
  }
})

t.test('accounts, their keys encrypted; without the key they are as good as none', async (t) => {
  const folder = t.testdir()
  const vaultIn = (dataDir: string): Promise<KeyVault> => KeyVault.open(keySource({ env: {}, file: null, dataDir }))
  const accounts = await FolderAccounts.open(folder, await vaultIn(folder))
  const directory = 'https://ca.test/directory'
  t.equal(await accounts.load(directory), null)
  const account = { url: 'https://ca.test/account/1', keyPem: 'a private key' }
  await accounts.save(directory, account)
  t.same(await accounts.load(directory), account)
  t.equal(await accounts.load('https://other.test/directory'), null)
  const [file = ''] = await readdir(join(folder, 'accounts'))
  t.notMatch(await readFile(join(folder, 'accounts', file), 'utf8'), 'a private key')
  const others = await FolderAccounts.open(folder, await vaultIn(join(folder, 'other')))
  t.equal(await others.load(directory), null)
})
