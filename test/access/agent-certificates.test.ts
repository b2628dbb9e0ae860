import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { FailedLogins, RightsBook, TokenGate, type TokenGateOptions } from '../../src/access/index.js'
import { AgentAuthority, keySource, KeyVault } from '../../src/certs/index.js'
import { StoreError } from '../../src/core/errors.js'
import { silentLogger } from '../../src/core/logger.js'
import { DEFAULT_ACCOUNT, openStore } from '../../src/store/index.js'
import { within } from '../support/hang.js'
import { temporaryFolder } from '../support/places.js'

const DAY_MS = 86_400_000

/** A gate, and certificates of its server. */
async function start(t: Test, options: Partial<TokenGateOptions> = {}) {
  const folder = await temporaryFolder(t)
  const store = await openStore({ file: join(folder, 'uniroute.db') })
  const state = { broken: false }
  const guard = <T>(work: () => Promise<T>): Promise<T> =>
    state.broken ? Promise.reject(new StoreError('UR_STORE_IO', 'The disk is gone.')) : work()
  const { agentCertificates, tokens } = store
  const gate = new TokenGate({
    tokens,
    certificates: {
      find: (fingerprint) => guard(() => agentCertificates.find(fingerprint)),
      authority: () => guard(() => agentCertificates.authority()),
      revokedSince: (cursor) => guard(() => agentCertificates.revokedSince(cursor)),
    },
    rights: new RightsBook({ usage: store.tokenUsage, log: silentLogger, domain: 'example.com', writeMs: 2 ** 30 }),
    log: silentLogger,
    pollMs: 10,
    ...options,
  })
  t.teardown(async () => {
    await gate.close()
    await store.close()
  })
  const authority = new AgentAuthority(agentCertificates, () =>
    KeyVault.open(keySource({ env: {}, file: null, dataDir: folder })),
  )
  /** A certificate that the authority signed, in the database or not. */
  const certify = async (tokenId: string | null, expiresAt = new Date(Date.now() + DAY_MS)) => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
    const issued = await authority.issue('agent', pem, expiresAt)
    const der = new X509Certificate(issued.certificate).raw
    return { der, id: tokenId === null ? '' : (await agentCertificates.add({ tokenId, ...issued })).id }
  }
  return { store, gate, certify, state }
}

const until = async (check: () => boolean) => {
  while (!check()) await new Promise((resolve) => setTimeout(resolve, 5))
}

t.test('a certificate stands for its token, and each wrong one has its own answer', async (t) => {
  let now = Date.now()
  const { store, gate, certify } = await start(t, { now: () => now })
  const { tokens, accounts } = store
  const id = await tokens.createWithoutSecret('laptop')
  const certificate = await certify(id)
  t.strictSame(await gate.check('', undefined, certificate.der), {
    id,
    name: 'laptop',
    accountId: DEFAULT_ACCOUNT,
    certificateId: certificate.id,
  })
  await t.rejects(gate.check(''), { code: 'UR_TOKEN_MISSING', message: /--agent-cert/ })
  const { certify: elsewhere } = await start(t)
  const foreign = await elsewhere(null)
  await t.rejects(gate.check('', undefined, foreign.der), { code: 'UR_AGENT_CERT_AUTHORITY' })
  await t.rejects(gate.check('', undefined, Buffer.from('no certificate')), { code: 'UR_AGENT_CERT_AUTHORITY' })
  await t.rejects(gate.check('', undefined, (await certify(null)).der), { code: 'UR_AGENT_CERT_UNKNOWN' })

  const gone = await certify(id)
  await store.agentCertificates.revoke(gone.id)
  await t.rejects(gate.check('', undefined, gone.der), { code: 'UR_AGENT_CERT_REVOKED' })
  const brief = await certify(id, new Date(now + 1000))
  t.match(await gate.check('', undefined, brief.der), { certificateId: brief.id })
  now += 2000
  await t.rejects(gate.check('', undefined, brief.der), { code: 'UR_AGENT_CERT_EXPIRED' })

  await accounts.disable(DEFAULT_ACCOUNT)
  await t.rejects(gate.check('', undefined, certificate.der), { code: 'UR_ACCOUNT_DISABLED' })
  await accounts.enable(DEFAULT_ACCOUNT)
  await tokens.revoke(id)
  await t.rejects(gate.check('', undefined, certificate.der), { code: 'UR_TOKEN_REVOKED' })
})

t.test('a token beside a certificate has to be the same; so has a further connection', async (t) => {
  const { store, gate, certify } = await start(t)
  const [laptop, desktop] = [await store.tokens.create('laptop'), await store.tokens.create('desktop')]
  const [own, second, other] = [await certify(laptop.id), await certify(laptop.id), await certify(desktop.id)]
  const identity = await gate.check(laptop.token, undefined, own.der)
  t.match(identity, { id: laptop.id, certificateId: own.id })
  await t.rejects(gate.check(desktop.token, undefined, own.der), { code: 'UR_AGENT_CERT_TOKEN' })
  await t.rejects(gate.check('unr_wrong', undefined, own.der), { code: 'UR_TOKEN_MALFORMED' })
  await t.rejects(gate.check(laptop.token, undefined, Buffer.from('x')), { code: 'UR_AGENT_CERT_AUTHORITY' })

  await gate.checkCarrier(identity, undefined, own.der)
  await gate.checkCarrier(identity, undefined, second.der)
  await t.rejects(gate.checkCarrier(identity, undefined, other.der), { code: 'UR_AGENT_CERT_TOKEN' })
  await t.rejects(gate.checkCarrier(identity, undefined, null), { code: 'UR_AGENT_CERT_MISSING' })
  await store.agentCertificates.revoke(second.id)
  await t.rejects(gate.checkCarrier(identity, undefined, second.der), { code: 'UR_AGENT_CERT_REVOKED' })
  const byToken = await gate.check(laptop.token)
  t.equal(byToken.certificateId, null)
  await gate.checkCarrier(byToken, undefined, null)
  await gate.checkCarrier(byToken, undefined, own.der)
  await t.rejects(gate.checkCarrier(byToken, undefined, other.der), { code: 'UR_AGENT_CERT_TOKEN' })
})

t.test('sessions learn of the end of their certificate; wrong ones are counted for their address', async (t) => {
  let now = Date.now()
  const failedLogins = new FailedLogins({ clock: { now: () => 0 }, failures: 3, windowMs: 60_000 })
  const { store, gate, certify } = await start(t, { now: () => now, failedLogins })
  const id = await store.tokens.createWithoutSecret('laptop')
  const [revoked, brief, good] = [await certify(id), await certify(id, new Date(now + 5000)), await certify(id)]
  for (const { der } of [revoked, brief, good]) await gate.check('', '192.0.2.1', der)
  const ended = new Map<string, string>()
  gate.watchTokens(
    () => [revoked.id, brief.id, good.id, id],
    (each, { code }) => ended.set(each, code),
    () => undefined,
  )
  await store.agentCertificates.revoke(revoked.id)
  await within(
    'the revocation',
    until(() => ended.size > 0),
  )
  now += 6000
  await within(
    'the end',
    until(() => ended.size > 1),
  )
  t.same(
    [...ended],
    [
      [revoked.id, 'UR_AGENT_CERT_REVOKED'],
      [brief.id, 'UR_AGENT_CERT_EXPIRED'],
    ],
  )
  const wrong = await certify(null)
  for (let i = 0; i < 3; i++) await t.rejects(gate.check('', '192.0.2.1', wrong.der), { code: 'UR_AGENT_CERT_UNKNOWN' })
  await t.rejects(gate.check('', '192.0.2.1', (await certify(id)).der), { code: 'UR_TOKEN_RATE' })
  await gate.check('', '192.0.2.1', good.der)
})

t.test('while the database fails, certificates that were good before are let in', async (t) => {
  const { store, gate, certify, state } = await start(t)
  const id = await store.tokens.createWithoutSecret('laptop')
  const [known, fresh, gone] = [await certify(id), await certify(id), await certify(id)]
  const identity = await gate.check('', undefined, known.der)
  await gate.check('', undefined, gone.der)
  let ended = ''
  gate.watchTokens(
    () => [gone.id],
    (each) => (ended = each),
    () => undefined,
  )
  await store.agentCertificates.revoke(gone.id)
  await within(
    'the revocation',
    until(() => ended === gone.id),
  )
  state.broken = true
  t.strictSame(await gate.check('', undefined, known.der), identity)
  await gate.checkCarrier(identity, undefined, known.der)
  await t.rejects(gate.check('', undefined, fresh.der), { code: 'UR_TOKEN_UNCHECKED' })
  await t.rejects(gate.check('', undefined, gone.der), { code: 'UR_AGENT_CERT_REVOKED' })
})
