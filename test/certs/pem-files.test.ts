import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type CertificateFiles, parseCertificate, readCertificate } from '../../src/certs/pem-files.js'
import { inDays, TestAuthority, writePair } from './support.js'

const authority = new TestAuthority()
const FROM: CertificateFiles = { cert: '/etc/tls/site.pem', key: '/etc/tls/site.key' }

function refused(t: Test, pem: CertificateFiles, code: string, message: RegExp): void {
  t.throws(() => parseCertificate(pem, FROM, new Date()), { name: 'CertificateError', code, message }, code)
}

t.test('a good pair: names, end, chain', (t) => {
  const names = ['A.example.com', '*.example.com', '127.0.0.1', '::1', 'münchen.example.com'.replace('ü', 'u')]
  const { cert, key } = authority.issue({ names, to: inDays(20) })
  const read = parseCertificate({ cert: cert + authority.cert, key }, FROM, new Date())
  t.strictSame(read.names, ['a.example.com', '*.example.com', '127.0.0.1', '0:0:0:0:0:0:0:1', 'munchen.example.com'])
  t.ok(Math.abs(read.notAfter.getTime() - inDays(20).getTime()) < 60_000)
  t.equal(read.cert.match(/BEGIN/g)?.length, 2)
  t.end()
})

t.test('text around the certificates, and Windows line ends, are fine', (t) => {
  const { cert, key } = authority.issue()
  const pem = {
    cert: `Bag Attributes\n${cert}\nsubject=x\n${authority.cert}`.replace(/\n/g, '\r\n'),
    key: key.replace(/\n/g, '\r\n'),
  }
  t.strictSame(parseCertificate(pem, FROM, new Date()).names, ['a.example.com'])
  t.end()
})

t.test('each fault has its code, names the file and says what to do', (t) => {
  const good = authority.issue()
  const other = authority.issue()
  refused(t, { cert: '', key: good.key }, 'UR_CERT_INVALID', /site\.pem .*no certificate.*BEGIN CERTIFICATE/)
  refused(t, { cert: good.key, key: good.cert }, 'UR_CERT_INVALID', /swap/)
  refused(t, { cert: good.cert, key: good.cert }, 'UR_CERT_KEY_INVALID', /site\.key .*swap/)
  refused(t, { cert: good.cert.replace(/.{64}\n/, ''), key: good.key }, 'UR_CERT_INVALID', /could not be parsed/)
  refused(t, { cert: good.cert, key: good.key.slice(0, 100) }, 'UR_CERT_KEY_INVALID', /unencrypted/)
  refused(t, { cert: good.cert, key: other.key }, 'UR_CERT_MISMATCH', /site\.key does not belong/)
  refused(t, { cert: authority.cert + good.cert, key: good.key }, 'UR_CERT_CHAIN_ORDER', /fullchain/)
  refused(t, { cert: good.cert + other.cert, key: good.key }, 'UR_CERT_CHAIN_ORDER', /leaf first/)
  refused(t, authority.issue({ from: inDays(-9), to: inDays(-1) }), 'UR_CERT_EXPIRED', /expired on .*renew/)
  refused(t, authority.issue({ from: inDays(1), to: inDays(9) }), 'UR_CERT_NOT_YET_VALID', /clock/)
  refused(t, authority.issue({ names: [] }), 'UR_CERT_NO_NAMES', /subjectAltName/)
  t.end()
})

t.test('keys with a passphrase, of both forms', (t) => {
  const { cert, key } = authority.issue()
  const modern = createPrivateKey(key).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const old = privateKey.export({ type: 'pkcs1', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
  for (const encrypted of [modern, old])
    refused(t, { cert, key: encrypted.toString() }, 'UR_CERT_KEY_ENCRYPTED', /openssl pkey/)
  t.end()
})

t.test('files that cannot be read', async (t) => {
  const dir = t.testdir({})
  const files = writePair(dir, 'site', authority.issue())
  t.match(await readCertificate(files, new Date()), { names: ['a.example.com'] })
  const unreadable = { name: 'CertificateError', code: 'UR_CERT_UNREADABLE' }
  await t.rejects(readCertificate({ ...files, key: join(dir, 'none') }, new Date()), {
    ...unreadable,
    message: /none .*certs\.files/,
  })
  mkdirSync(join(dir, 'folder'))
  await t.rejects(readCertificate({ ...files, cert: join(dir, 'folder') }, new Date()), unreadable)
})
