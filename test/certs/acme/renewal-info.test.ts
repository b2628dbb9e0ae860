import t from 'tap'
import { certificateId } from '../../../src/certs/acme/renewal-info.js'
import { FakeCa, problem, type Reply } from '../../support/fake-ca.js'
import { issueErrorOf, issuerFor, never, NotingSolver } from './support.js'

const NAMES = ['a.example.com']
const solver = new NotingSolver(['http-01'])

/** RFC 9773, appendix A. */
const EXAMPLE = `-----BEGIN CERTIFICATE-----
MIIBQzCB66ADAgECAgUAh2VDITAKBggqhkjOPQQDAjAVMRMwEQYDVQQDEwpFeGFt
cGxlIENBMCIYDzAwMDEwMTAxMDAwMDAwWhgPMDAwMTAxMDEwMDAwMDBaMBYxFDAS
BgNVBAMTC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeBZu
7cbpAYNXZLbbh8rNIzuOoqOOtmxA1v7cRm//AwyMwWxyHz4zfwmBhcSrf47NUAFf
qzLQ2PPQxdTXREYEnKMjMCEwHwYDVR0jBBgwFoAUaYhba4dGQEHhs3uEe6CuLN4B
yNQwCgYIKoZIzj0EAwIDRwAwRAIge09+S5TZAlw5tgtiVvuERV6cT4mfutXIlwTb
+FYN/8oCIClDsqBklhB9KAelFiYt9+6FDj3z4KGVelYM5MdsO3pK
-----END CERTIFICATE-----`

t.test('the id of a certificate is that of the example in RFC 9773', async (t) => {
  t.equal(certificateId(EXAMPLE), 'aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE')
  t.equal(certificateId('no certificate'), null)
})

async function renewing(t: Parameters<typeof FakeCa.start>[0]) {
  const ca = await FakeCa.start(t)
  ca.directoryExtras = { renewalInfo: ca.directory.replace('/dir', '/ari') }
  const issuer = issuerFor(ca, { solver })
  const chain = ca.authority.issue({ names: NAMES }).cert
  return { ca, issuer, chain, ask: () => issuer.renewalWindow(chain, ca.directory, never()) }
}

t.test('the window of a certificate, and when to ask again, within bounds', async (t) => {
  const { ca, chain, ask } = await renewing(t)
  const suggestedWindow = { start: '2026-01-02T04:00:00Z', end: '2026-01-03T04:00:00+01:00' }
  const answer = (retryAfter?: string): Reply => ({
    body: { suggestedWindow, explanationURL: 'https://ca.example' },
    headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter },
  })
  ca.script('/ari', answer('21600'), answer('1'), answer('9999999'), answer())
  t.same(await ask(), {
    start: new Date('2026-01-02T04:00:00Z'),
    end: new Date('2026-01-03T03:00:00Z'),
    askAgainMs: 21_600_000,
  })
  t.equal((await ask())?.askAgainMs, 60_000)
  t.equal((await ask())?.askAgainMs, 86_400_000)
  t.equal((await ask())?.askAgainMs, 21_600_000)
  t.equal(ca.askedFor('/ari')[0]?.path, `/ari/${certificateId(chain)}`)
})

t.test('authorities that say nothing, that do not know it, and that talk nonsense', async (t) => {
  const { ca, issuer, chain, ask } = await renewing(t)
  t.equal(await issuer.renewalWindow(chain, 'https://other.example/dir', never()), null)
  t.equal(await issuer.renewalWindow('garbage', ca.directory, never()), null)
  t.equal(ca.asked.length, 0)
  ca.script('/ari', problem('malformed', 404))
  t.equal(await ask(), null)
  const [early, late] = ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z']
  const windows = [
    { start: late, end: early },
    { start: early, end: early },
    { start: 'soon', end: late },
    {},
    undefined,
  ]
  for (const suggestedWindow of windows) {
    ca.script('/ari', { body: { suggestedWindow } })
    t.match(await issueErrorOf(t, ask()), { code: 'UR_ACME_ANSWER' }, JSON.stringify(suggestedWindow))
  }
  ca.script('/ari', { status: 503, headers: { 'retry-after': '5' } })
  t.match(await issueErrorOf(t, ask()), { code: 'UR_ACME_SERVER', retryAfterMs: 5000 })
  ca.directoryExtras = {}
  t.equal(await ask(), null)
})

t.test('an order names the certificate that it replaces; where that is not taken, it is placed without', async (t) => {
  const { ca, issuer, chain } = await renewing(t)
  const order = (directory = issuer.directory) =>
    issuer.issue({ names: NAMES, replaces: { chain, directory } }, never())
  const sent = () =>
    ca
      .askedFor('/order')
      .filter(({ path }) => path === '/order')
      .map(({ payload }) => payload?.['replaces'])
  await order()
  t.same(sent(), [certificateId(chain)])
  for (const refusal of [problem('alreadyReplaced', 409), problem('malformed', 404)]) {
    ca.script('/order', refusal)
    t.match((await order()).chain, /BEGIN/)
  }
  t.same(sent().slice(1), [certificateId(chain), undefined, certificateId(chain), undefined])
  ca.script('/order', problem('rateLimited', 429))
  t.match(await issueErrorOf(t, order()), { code: 'UR_ACME_RATE_LIMITED' })
  await order('https://another.example/directory')
  t.equal(sent().at(-1), undefined, "another authority's certificate is not named")
  ca.directoryExtras = {}
  await order()
  t.equal(sent().at(-1), undefined, 'an authority without renewal information is not told')
})
