import { execFile } from 'node:child_process'
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { DevCa } from '../../src/certs/dev-ca.js'
import { signedCertificate } from '../../src/certs/x509.js'

const run = promisify(execFile)
const DAY_MS = 86_400_000
const inDays = (days: number): Date => new Date(Date.now() + days * DAY_MS)
const dirFor = (t: Test): string => join(t.testdir({}), 'dev-ca')

t.test('openssl accepts the chain for every name of the server, and for no other', async (t) => {
  const dir = dirFor(t)
  const ca = await DevCa.open(dir, 'dev.example.com')
  const { cert } = ca.issue(inDays(90))
  const file = join(dir, 'leaf.pem')
  writeFileSync(file, cert)
  const verify = (...check: string[]) =>
    run('openssl', ['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', ca.caFile, ...check, file])
  for (const host of ['dev.example.com', 'shop.dev.example.com', 'localhost']) await verify('-verify_hostname', host)
  for (const ip of ['127.0.0.1', '::1']) await verify('-verify_ip', ip)
  await t.rejects(verify('-verify_hostname', 'example.com'))
  await t.rejects(verify('-verify_ip', '192.0.2.1'))
  const { stdout } = await run('openssl', ['x509', '-in', ca.caFile, '-noout', '-text'])
  t.match(stdout, /CA:TRUE, pathlen:0/)
  t.match(
    stdout,
    /Name Constraints: critical\s+Permitted:\s+DNS:dev\.example\.com\s+DNS:localhost\s+IP:127\.0\.0\.0\/255\.0\.0\.0/,
  )
  t.match(stdout, /ecdsa-with-SHA256/)
})

t.test('the CA cannot vouch for other sites', async (t) => {
  const dir = dirFor(t)
  const ca = await DevCa.open(dir, 'localhost')
  const bundle = readFileSync(join(dir, 'ca-with-key.pem'), 'utf8')
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  for (const names of [['bank.example'], ['192.0.2.1']]) {
    const forged = signedCertificate(
      {
        commonName: 'UniRoute development server',
        issuerName: 'UniRoute development CA',
        notBefore: inDays(-1),
        notAfter: inDays(1),
        publicKey,
        issuerKey: new X509Certificate(bundle).publicKey,
        role: { names },
      },
      createPrivateKey(bundle),
    )
    const file = join(dir, 'forged.pem')
    writeFileSync(file, forged)
    await t.rejects(run('openssl', ['verify', '-CAfile', ca.caFile, file]), /permitted subtree violation/)
  }
})

t.test('it is made once, stays private, and is replaced for another domain or near its end', async (t) => {
  const dir = dirFor(t)
  const first = await DevCa.open(dir, 'localhost')
  const bytes = readFileSync(first.caFile, 'utf8')
  t.equal(statSync(dir).mode & 0o777, 0o700)
  for (const name of await readdir(dir)) t.equal(statSync(join(dir, name)).mode & 0o777, 0o600, name)
  t.strictSame((await readdir(dir)).sort(), ['ca-with-key.pem', 'ca.pem'])
  t.notMatch(bytes, /PRIVATE/)

  t.equal(readFileSync((await DevCa.open(dir, 'localhost')).caFile, 'utf8'), bytes)
  t.not(readFileSync((await DevCa.open(dir, 'dev.example.com')).caFile, 'utf8'), bytes)
  const second = readFileSync(first.caFile, 'utf8')
  await DevCa.open(dir, 'dev.example.com', inDays(3650 - 91))
  t.equal(readFileSync(first.caFile, 'utf8'), second)
  await DevCa.open(dir, 'dev.example.com', inDays(3650 - 89))
  t.not(readFileSync(first.caFile, 'utf8'), second)
})

t.test('many that start at once use one CA', async (t) => {
  const dir = dirFor(t)
  const all = await Promise.all(Array.from({ length: 10 }, () => DevCa.open(dir, 'localhost')))
  const onDisk = new X509Certificate(readFileSync(join(dir, 'ca.pem')))
  for (const ca of all) {
    const [, issuer] = ca.issue(inDays(1)).cert.split(/(?<=-----END CERTIFICATE-----\n)/)
    t.equal(new X509Certificate(issuer ?? '').fingerprint256, onDisk.fingerprint256)
  }
})

t.test('a leaf does not outlive its CA, and dates beyond 2049 are written as they must be', async (t) => {
  const now = new Date('2045-06-01T00:00:00Z')
  const ca = await DevCa.open(dirFor(t), 'localhost', now)
  t.equal(ca.notAfter.getUTCFullYear(), 2055)
  const leaf = new X509Certificate(ca.issue(new Date('2099-01-01T00:00:00Z'), now).cert)
  t.equal(new Date(leaf.validTo).getTime(), ca.notAfter.getTime())
  t.equal(new Date(leaf.validFrom).toISOString(), '2045-05-31T00:00:00.000Z')
})

t.test('a damaged CA and an unusable folder are explained', async (t) => {
  const dir = dirFor(t)
  await DevCa.open(dir, 'localhost')
  writeFileSync(join(dir, 'ca-with-key.pem'), 'cut off')
  const error = { name: 'CertificateError', code: 'UR_CERT_DEV_CA', message: /delete it/ }
  await t.rejects(DevCa.open(dir, 'localhost'), error)
  await t.rejects(DevCa.open(join(dir, 'ca.pem'), 'localhost'), error)
})
