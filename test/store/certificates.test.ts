import t from 'tap'
import type { CertificateRecord } from '../../src/store/index.js'
import { onEachDatabase, storeFor } from './support.js'

const certificate = (name: string, issued = '2026-01-01'): CertificateRecord => ({
  name,
  chain: `chain of ${name} from ${issued}`,
  key: `key of ${name}`,
  directory: 'https://ca.example/directory',
  issuedAt: new Date(issued),
  expiresAt: new Date('2026-04-01'),
  renewAt: null,
  askAt: null,
})

onEachDatabase(t, (t, { fresh }) => {
  t.test('certificates are followed from change to change', async (t) => {
    const { certificates } = await storeFor(t, await fresh(t))
    t.strictSame(await certificates.changedSince(0), { cursor: 0, records: [] })
    await certificates.put(certificate('a.example'))
    await certificates.put(certificate('b.example'))
    const { cursor, records } = await certificates.changedSince(0)
    t.strictSame(records, [certificate('a.example'), certificate('b.example')])
    t.strictSame(await certificates.changedSince(cursor), { cursor, records: [] })

    const renewed = certificate('a.example', '2026-02-01')
    await certificates.put(renewed)
    t.strictSame((await certificates.changedSince(cursor)).records, [renewed])
    t.strictSame(await certificates.find('a.example'), renewed)
    t.equal(await certificates.find('c.example'), null)
  })

  t.test('what an authority says of a renewal is for the certificate that it was asked about', async (t) => {
    const { certificates } = await storeFor(t, await fresh(t))
    const old = certificate('a.example')
    const told = { renewAt: new Date('2026-03-01T01:02:03.004Z'), askAt: new Date('2026-01-02') }
    await certificates.put(old)
    const { cursor } = await certificates.changedSince(0)
    await certificates.noteRenewal({ ...old, ...told })
    t.strictSame((await certificates.changedSince(cursor)).records, [{ ...old, ...told }])
    const renewed = certificate('a.example', '2026-02-01')
    await certificates.put(renewed)
    await certificates.noteRenewal({ ...old, ...told })
    t.strictSame(await certificates.find('a.example'), renewed)
  })

  t.test('failures count until a certificate comes', async (t) => {
    const { certificates } = await storeFor(t, await fresh(t))
    const failure = {
      name: 'a.example',
      failures: 1,
      failedAt: new Date('2026-01-01'),
      nextAt: new Date('2026-01-02'),
      code: 'UR_ACME_REFUSED',
      message: 'no',
    }
    await certificates.noteFailure(failure)
    await certificates.noteFailure({ ...failure, name: 'b.example' })
    const again = { ...failure, failures: 2, message: 'still no' }
    await certificates.noteFailure(again)
    t.strictSame(await certificates.failure('b.example'), { ...failure, name: 'b.example' })
    t.equal(await certificates.failure('c.example'), null)
    t.strictSame(await certificates.failures(), [again, { ...failure, name: 'b.example' }])
    await certificates.put(certificate('a.example'))
    t.match(await certificates.failures(), [{ name: 'b.example' }])
  })

  t.test('all keys are encrypted anew, or none', async (t) => {
    const { certificates, acme } = await storeFor(t, await fresh(t))
    await certificates.put(certificate('a.example'))
    await certificates.put(certificate('b.example'))
    const { cursor } = await certificates.changedSince(0)
    const failing = certificates.changeKeys((name) => {
      if (name === 'b.example') throw new Error('no key')
      return 'half'
    })
    await t.rejects(failing, { message: 'no key' })
    t.strictSame(await certificates.changedSince(cursor), { cursor, records: [] })
    t.equal(await certificates.changeKeys((name, key) => `${name}: ${key}`), 2)
    t.match((await certificates.changedSince(cursor)).records, [
      { name: 'a.example', key: 'a.example: key of a.example' },
      { name: 'b.example' },
    ])
    await acme.putAccount('https://ca.example/directory', { url: 'https://ca.example/1', key: 'old' })
    t.equal(await acme.changeKeys((directory, key) => `${directory} ${key}`), 1)
    t.match(await acme.account('https://ca.example/directory'), { key: 'https://ca.example/directory old' })
  })

  t.test('accounts, by directory', async (t) => {
    const { acme } = await storeFor(t, await fresh(t))
    t.equal(await acme.account('https://ca.example/directory'), null)
    await acme.putAccount('https://ca.example/directory', { url: 'https://ca.example/1', key: 'k1' })
    await acme.putAccount('https://ca.example/directory', { url: 'https://ca.example/2', key: 'k2' })
    t.strictSame(await acme.account('https://ca.example/directory'), { url: 'https://ca.example/2', key: 'k2' })
    t.equal(await acme.account('https://other.example/directory'), null)
  })

  t.test('proofs that one server shows, every server can tell', async (t) => {
    const options = await fresh(t)
    const [a, b] = [await storeFor(t, options), await storeFor(t, options)]
    const proof = { type: 'http-01', name: 'a.example', token: 't1', keyAuthorization: 't1.x' } as const
    await a.acme.show(proof)
    await a.acme.show(proof)
    t.strictSame(await b.acme.shown('http-01', 'a.example', 't1'), proof)
    t.equal(await b.acme.shown('http-01', 'a.example', 't2'), null)
    t.equal(await b.acme.shown('tls-alpn-01', 'a.example', null), null)
    await b.acme.show({ ...proof, type: 'tls-alpn-01' })
    t.match(await a.acme.shown('tls-alpn-01', 'a.example', null), { token: 't1' })
    await a.acme.hide(proof)
    await a.acme.hide(proof)
    t.equal(await b.acme.shown('http-01', 'a.example', 't1'), null)
  })

  t.test('a lease has one holder, and is taken over from one that does not beat', async (t) => {
    const options = await fresh(t)
    const { leases: a } = await storeFor(t, options)
    const { leases: b } = await storeFor(t, options)
    const taken = await Promise.all(['one', 'two', 'three'].map((holder, i) => (i % 2 ? a : b).take('work', holder)))
    t.equal(taken.filter((state) => state === null).length, 1, 'one of those who come at once has it')
    const stands = taken.find((state) => state !== null)
    if (!stands) throw new Error('nobody was refused')
    t.equal(stands.beat, 1)
    t.ok(await a.beat('work', stands.holder))
    t.match(await b.take('work', 'late', stands), { holder: stands.holder, beat: 2 }, 'it has beaten since')
    t.equal(await b.take('work', 'late', { holder: stands.holder, beat: 2 }), null, 'it has not')
    t.notOk(await a.beat('work', stands.holder), 'and learns that it was taken over')
    await a.free('work', stands.holder)
    t.match(await a.take('work', 'other'), { holder: 'late' }, 'giving it back is for the holder')
    await b.free('work', 'late')
    t.equal(await a.take('work', 'other'), null)
  })
})
