import t from 'tap'
import type { Store } from '../../src/store/index.js'
import { onEachDatabase, storeFor } from './support.js'

const expiresAt = new Date('2030-01-31T12:00:00.000Z')

async function certify({ agentCertificates }: Store, tokenId: string, digit: string) {
  return agentCertificates.add({ tokenId, fingerprint: digit.repeat(64), serial: `4${digit}`, expiresAt })
}

onEachDatabase(t, (t, { fresh, execute }) => {
  t.test('certificates are added, found by their fingerprint, revoked in an order, and told by pages', async (t) => {
    const options = await fresh(t)
    const store = await storeFor(t, options)
    const { agentCertificates: certificates, tokens } = store
    const id = await tokens.createWithoutSecret('laptop', { rights: { max_tunnels: 2 } })
    t.match(await tokens.get('laptop'), { id, hasSecret: false, rights: { max_tunnels: 2 } })
    t.match(await tokens.findById(id), { id, rights: { max_tunnels: 2 }, accountDisabledAt: null })
    t.equal(await tokens.findById('tok_nobody'), null)
    t.match(await tokens.get((await tokens.create('desktop')).id), { hasSecret: true })
    await t.rejects(tokens.createWithoutSecret('laptop'), { code: 'UR_TOKEN_NAME_TAKEN' })

    const all = []
    for (const digit of ['1', '2', '3']) all.push(await certify(store, id, digit))
    const [one, two] = all as [(typeof all)[0], (typeof all)[0]]
    t.match(one, { id: /^crt_\w{17}$/, tokenId: id, tokenName: 'laptop', serial: '41', expiresAt, revokedAt: null })
    t.strictSame(await certificates.find('1'.repeat(64)), one)
    t.equal(await certificates.find('9'.repeat(64)), null)
    await t.rejects(certificates.get('crt_nobody'), { code: 'UR_AGENT_CERT_NOT_FOUND' })
    await t.rejects(certify(store, id, '1'), 'a fingerprint is there once')
    t.equal((await certificates.ofToken(id)).length, 3)

    const revoked = await certificates.revoke(two.id)
    t.match(revoked, { id: two.id, revokedAt: Date })
    t.strictSame(await certificates.revoke(two.id), revoked, 'it stays as it was')
    t.strictSame(await certificates.revokedSince(0), { cursor: 1, ids: [two.id] })
    await certificates.revoke(one.id)
    t.strictSame(await certificates.revokedSince(1), { cursor: 2, ids: [one.id] })
    t.strictSame(await certificates.revokedSince(2), { cursor: 2, ids: [] })

    // All of one moment, so that the ids decide.
    await execute(options, `update agent_certificates set created_at = '2026-01-31T12:00:00.000Z'`)
    const first = await certificates.page({ limit: 2 })
    const last = first.at(-1)!
    const rest = await certificates.page({ limit: 2, after: { at: last.createdAt, id: last.id } })
    t.strictSame(
      [...first, ...rest].map((each) => each.id),
      all.map((each) => each.id).sort(),
    )
  })

  t.test('of several servers that make the authority at once one wins; its key can be encrypted anew', async (t) => {
    const options = await fresh(t)
    const [one, two] = await Promise.all([storeFor(t, options), storeFor(t, options)])
    t.equal(await one.agentCertificates.authority(), null)
    const made = await Promise.all(
      [one, two].map(({ agentCertificates }, i) =>
        agentCertificates.putAuthority({ certificate: `certificate ${i}`, key: `key ${i}` }),
      ),
    )
    t.strictSame(made[0], made[1])
    t.strictSame(await two.agentCertificates.authority(), made[0])
    t.equal(await two.agentCertificates.changeKeys((name, key) => `${name}: ${key}`), 1)
    t.match(await one.agentCertificates.authority(), { ...made[0], key: `agents: ${made[0]?.key}` })
  })
})
