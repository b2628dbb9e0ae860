import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createSecureContext } from 'node:tls'
import t from 'tap'
import { AgentAuthority, fingerprintOf, keySource, KeyVault, pkcs12 } from '../../src/certs/index.js'
import { openStore } from '../../src/store/index.js'
import { Authority } from '../support/certificates.js'
import { program, temporaryFolder } from '../support/places.js'
import { must, run } from '../support/processes.js'

const DAY_MS = 86_400_000
const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })
const pem = (key: ReturnType<typeof newKey>['publicKey']) => key.export({ type: 'spki', format: 'pem' }).toString()

t.test('a PKCS#12 file is what openssl and Node read, with its password and no other', async (t) => {
  const openssl = await program('openssl', 'openssl')
  const folder = await temporaryFolder(t)
  const office = await Authority.create(t, 'office')
  const ann = await office.issueClient('ann')
  const [key, certificate, authority] = await Promise.all(
    [ann.key, ann.cert, office.ca].map((at) => readFile(at, 'utf8')),
  )
  const file = path.join(folder, 'ann.p12')
  for (const password of ['correct horse', 'pässwörd – 6', 'x']) {
    const bytes = pkcs12(
      { key: createPrivateKey(key!), certificate: certificate!, authorities: [authority!] },
      'ann@office',
      password,
    )
    await writeFile(file, bytes)
    const read = (...args: string[]) => run(openssl, ['pkcs12', '-in', file, '-passin', `pass:${password}`, ...args])
    const { out, err } = await must(openssl, ['pkcs12', '-in', file, '-passin', `pass:${password}`, '-info', '-noenc'])
    t.equal(
      createPrivateKey(out).export({ type: 'pkcs8', format: 'pem' }),
      createPrivateKey(key!).export({ type: 'pkcs8', format: 'pem' }),
    )
    t.match(err, /MAC: sha256[^]*PBES2, PBKDF2, AES-256-CBC/)
    t.match(out, /friendlyName: ann@office/)
    const leaf = (await read('-clcerts', '-nokeys')).out
    t.equal(
      new X509Certificate(leaf).fingerprint256,
      new X509Certificate(certificate!).fingerprint256,
      'the leaf is that of the key',
    )
    t.equal((await read('-cacerts', '-nokeys')).out.match(/BEGIN CERTIFICATE/g)?.length, 1)
    t.ok(createSecureContext({ pfx: bytes, passphrase: password }))
    t.throws(() => createSecureContext({ pfx: bytes, passphrase: `${password}!` }), /mac verify/)
    t.notOk(
      bytes.includes(Buffer.from(createPrivateKey(key!).export({ format: 'jwk' }).d ?? '', 'base64url')),
      'the key is encrypted',
    )
  }
})

t.test('the authority of agents is made once, with its key encrypted, and openssl takes what it signs', async (t) => {
  const [folder, openssl] = await Promise.all([temporaryFolder(t), program('openssl', 'openssl')])
  const stores = await Promise.all([1, 2].map(() => openStore({ file: path.join(folder, 'uniroute.db') })))
  t.teardown(() => Promise.all(stores.map((store) => store.close())))
  const vault = () => KeyVault.open(keySource({ env: {}, file: null, dataDir: folder }))
  const soon = new Date(Date.now() + 30 * DAY_MS)
  const keys = [newKey(), newKey()]
  const made = await Promise.all(
    stores.map(({ agentCertificates }, i) =>
      new AgentAuthority(agentCertificates, vault).issue(`agent-${i}`, pem(keys[i]!.publicKey), soon),
    ),
  )
  t.equal(made[0]?.authority, made[1]?.authority, 'two that make it at once have one')
  const stored = await stores[0]!.agentCertificates.authority()
  t.equal(stored?.certificate, made[0]?.authority)
  t.notMatch(stored?.key, /PRIVATE KEY/)
  for (const [i, { certificate, authority, fingerprint, serial, expiresAt }] of made.entries()) {
    const leaf = new X509Certificate(certificate)
    t.equal(fingerprint, fingerprintOf(leaf))
    t.match(fingerprint, /^[0-9a-f]{64}$/)
    t.equal(serial, leaf.serialNumber)
    t.ok(leaf.checkPrivateKey(keys[i]!.privateKey))
    t.ok(Math.abs(expiresAt.getTime() - soon.getTime()) < 1000)
    const [ca, own] = [path.join(folder, 'ca.pem'), path.join(folder, `${i}.pem`)]
    await Promise.all([writeFile(ca, authority), writeFile(own, certificate)])
    await must(openssl, ['verify', '-x509_strict', '-purpose', 'sslclient', '-CAfile', ca, own])
    t.not((await run(openssl, ['verify', '-purpose', 'sslserver', '-CAfile', ca, own])).code, 0, 'it is no server’s')
  }
  const [{ agentCertificates }] = stores as [(typeof stores)[0]]
  const authority = new AgentAuthority(agentCertificates, vault)
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' })
  for (const bad of ['', 'hello', rsa.toString(), pem(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey)]) {
    await t.rejects(authority.issue('agent', bad, soon), { code: 'UR_AGENT_CERT_KEY', exitCode: 2 })
  }
  const late = await authority.issue('agent', pem(keys[0]!.publicKey), new Date(Date.now() + 50 * 365 * DAY_MS))
  t.equal(late.expiresAt.toISOString(), new Date(new X509Certificate(stored!.certificate).validTo).toISOString())
})
