import { createServer, type Socket } from 'node:net'
import t from 'tap'
import { VERSION } from '../../../src/core/version.js'
import { FakeCa } from '../../support/fake-ca.js'
import { within } from '../../support/hang.js'
import { freePort, listen } from '../../support/places.js'
import { Accounts, issueErrorOf, issuerFor, never, NotingSolver } from './support.js'

const NAMES = { names: ['a.example.com'], replaces: null }
const solver = new NotingSolver(['http-01'])

t.test('an authority that is down is named as such; when it is up, the same issuer issues', async (t) => {
  const port = await freePort()
  const place = { directory: `https://127.0.0.1:${port}/dir`, ca: null }
  const down = issuerFor(place, { solver })
  for (let i = 0; i < 5; i++) {
    const error = await issueErrorOf(t, down.issue(NAMES, never()))
    t.match(error, { code: 'UR_ACME_UNREACHABLE', status: null, retryAfterMs: null, directory: place.directory })
    t.match(error.message, /ECONNREFUSED.*firewalls/)
  }
  const accounts = new Accounts()
  const ca = await FakeCa.start(t, await freePort())
  const issuer = issuerFor(ca, { solver, accounts })
  ca.script('/account', { instead: 'cut' })
  t.match(await issueErrorOf(t, issuer.issue(NAMES, never())), { code: 'UR_ACME_UNREACHABLE' })
  t.match((await issuer.issue(NAMES, never())).chain, /BEGIN CERTIFICATE/)
  t.equal(accounts.saved, 1)
})

t.test('a name that does not resolve', async (t) => {
  const place = { directory: 'https://ca.invalid/dir', ca: null }
  const error = await issueErrorOf(t, issuerFor(place, { solver }).issue(NAMES, never()))
  t.match(error, { code: 'UR_ACME_UNREACHABLE' })
  t.match(error.message, /ca\.invalid/)
})

t.test(
  'a server that is not verified: the message names the setting; a CA is good for its own directory alone',
  async (t) => {
    const [one, two] = [await FakeCa.start(t), await FakeCa.start(t)]
    const error = await issueErrorOf(
      t,
      issuerFor({ ...one, directory: one.directory, ca: null }, { solver }).issue(NAMES, never()),
    )
    t.match(error, { code: 'UR_ACME_TLS', directory: one.directory })
    t.match(error.message, /`ca` beside its directory in certs\.acme/)
    t.equal(one.asked.length, 0)
    await issuerFor(one, { solver }).issue(NAMES, never())
    const other = issuerFor({ directory: two.directory, ca: one.ca }, { solver })
    t.match(await issueErrorOf(t, other.issue(NAMES, never())), { code: 'UR_ACME_TLS' })
    const misnamed = { directory: one.directory.replace('127.0.0.1', '127.0.0.2'), ca: one.ca }
    t.match(
      (await issueErrorOf(t, issuerFor(misnamed, { solver }).issue(NAMES, never()))).code,
      /UR_ACME_(TLS|UNREACHABLE)/,
    )
  },
)

t.test('a server that takes connections and says nothing, and one that stops in the middle of an answer', async (t) => {
  const sockets: Socket[] = []
  const mute = createServer((socket) => sockets.push(socket.on('error', () => undefined)))
  const port = await listen(mute)
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    mute.close()
  })
  const place = { directory: `https://127.0.0.1:${port}/dir`, ca: null }
  const silent = issuerFor(place, { solver, connectTimeoutMs: 50 })
  const error = await issueErrorOf(t, silent.issue(NAMES, never()))
  t.match(error, { code: 'UR_ACME_TIMEOUT' })
  t.match(error.message, /no connection within 50 ms/)

  const ca = await FakeCa.start(t)
  ca.script('/dir', { instead: 'silence' }, { headers: { 'content-length': '100' }, body: '{"newNonce":' })
  const issuer = issuerFor(ca, { solver, answerTimeoutMs: 200 })
  for (let i = 0; i < 2; i++) {
    const late = await issueErrorOf(t, issuer.issue(NAMES, never()))
    t.match(late, { code: 'UR_ACME_TIMEOUT' })
    t.match(late.message, /no whole answer within 200 ms/)
  }
})

t.test('whoever asked may give up at any time, and gets what he gave up with', async (t) => {
  const ca = await FakeCa.start(t)
  const reason = new Error('shutting down')
  for (const path of ['/dir', '/nonce', '/account', '/order', '/proof', '/challenge', '/finalize', '/cert']) {
    const noting = new NotingSolver(['http-01'])
    const abort = new AbortController()
    ca.script(path, { instead: 'silence' })
    const before = ca.askedFor(path).length
    const issuing = issuerFor(ca, { solver: noting }).issue(NAMES, abort.signal)
    issuing.catch(() => undefined)
    await within(
      `a request for ${path}`,
      until(() => ca.askedFor(path).length > before),
    )
    abort.abort(reason)
    await t.rejects(within(`the end of ${path}`, issuing), reason, path)
    t.same(noting.removed, noting.shown)
  }
  await t.rejects(issuerFor(ca, { solver }).issue(NAMES, AbortSignal.abort(reason)), reason)
})

t.test('an order that does not get done ends at the deadline; its proof is taken away and given back', async (t) => {
  const ca = await FakeCa.start(t)
  const noting = new NotingSolver(['http-01'])
  ca.script('/challenge', { body: {} })
  // Time enough to get as far as that, also on a busy machine.
  const issuer = issuerFor(ca, { solver: noting, deadlineMs: 1500 })
  const error = await issueErrorOf(t, issuer.issue(NAMES, never()))
  t.match(error, { code: 'UR_ACME_TIMEOUT' })
  t.match(error.message, /a certificate for a\.example\.com.*not done within 2 s/)
  t.equal(noting.removed.length, 1)
  t.same(ca.askedFor('/proof').at(-1)?.payload, { status: 'deactivated' })
})

t.test('a connection that was kept alive and is dead costs nothing, a fresh one that dies does', async (t) => {
  const ca = await FakeCa.start(t)
  ca.script('/nonce', { instead: 'cut' })
  await issuerFor(ca, { solver }).issue(NAMES, never())
  t.equal(ca.askedFor('/nonce').length, 3, 'one for the account, one for the order, one again')
  ca.script('/dir', { instead: 'cut' })
  t.match(await issueErrorOf(t, issuerFor(ca, { solver }).issue(NAMES, never())), { code: 'UR_ACME_UNREACHABLE' })
})

t.test('no proxy of the environment is used, and we say who we are', async (t) => {
  const ca = await FakeCa.start(t)
  const kept = { ...process.env }
  t.teardown(() => (process.env = kept))
  for (const name of ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY']) process.env[name] = 'http://127.0.0.1:9'
  await issuerFor(ca, { solver }).issue(NAMES, never())
  t.same([...new Set(ca.asked.map(({ headers }) => headers['user-agent']))], [`uniroute/${VERSION}`])
})

async function until(happened: () => boolean): Promise<void> {
  while (!happened()) await new Promise((resolve) => setImmediate(resolve))
}
