import { X509Certificate } from 'node:crypto'
import t from 'tap'
import { Pebble } from '../../support/pebble.js'
import { Accounts, dnsSolver, issueErrorOf, issuerFor, never, NotingSolver } from './support.js'

const pebble = await Pebble.start(t, { refusedNonces: 50, alternateRoots: 2 })

t.test('a wildcard and its parent by dns-01, while every second nonce is refused', async (t) => {
  const solver = dnsSolver(pebble)
  const accounts = new Accounts()
  const issuer = issuerFor(pebble, { solver, accounts, email: 'admin@example.com' })
  const names = ['*.example.com', 'example.com']
  const { chain, key, directory } = await issuer.issue({ names, replaces: null }, never())
  const leaf = new X509Certificate(chain)
  t.equal(leaf.subjectAltName, 'DNS:*.example.com, DNS:example.com')
  t.equal(leaf.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1')
  t.match(key, /^-----BEGIN PRIVATE KEY-----/)
  t.equal(directory, pebble.directory)
  t.equal(chain.match(/BEGIN CERTIFICATE/g)?.length, 2, 'with the intermediate')
  t.equal(solver.shown.length, 2)
  t.same(new Set(solver.removed), new Set(solver.shown), 'in whichever order')
  t.equal(accounts.saved, 1)
})

t.test('20 names at once: one account, one order each', async (t) => {
  const accounts = new Accounts()
  const issuer = issuerFor(pebble, { solver: dnsSolver(pebble), accounts })
  const names = Array.from({ length: 20 }, (_, i) => `n${i}.example.org`)
  const before = countOrders()
  const issued = await Promise.all(names.map((name) => issuer.issue({ names: [name], replaces: null }, never())))
  t.same(
    issued.map(({ chain }) => new X509Certificate(chain).subjectAltName),
    names.map((name) => `DNS:${name}`),
  )
  t.equal(new Set(issued.map(({ key }) => key)).size, 20, 'each has a key of its own')
  t.equal(accounts.saved, 1)
  t.equal(countOrders() - before, 20)
})

t.test('a name whose proof is not there: it is told, nothing stays, others are issued', async (t) => {
  const solver = dnsSolver(pebble, ['bad.example.net'])
  const issuer = issuerFor(pebble, { solver })
  const bad = issuer.issue({ names: ['good.example.net', 'bad.example.net'], replaces: null }, never())
  const other = issuer.issue({ names: ['other.example.net'], replaces: null }, never())
  const error = await issueErrorOf(t, bad)
  t.match(error, { code: 'UR_ACME_UNAUTHORIZED', host: 'bad.example.net', directory: pebble.directory })
  t.match(error.problem, 'urn:ietf:params:acme:error:unauthorized')
  t.match(error.message, /bad\.example\.net.*TXT/)
  t.match((await other).chain, /BEGIN CERTIFICATE/)
  t.same(new Set(solver.removed), new Set(solver.shown))
})

t.test('a name whose address leads nowhere', async (t) => {
  const solver = new NotingSolver(['http-01'])
  const closed = issuerFor(pebble, { solver }).issue({ names: ['closed.example.net'], replaces: null }, never())
  const error = await issueErrorOf(t, closed)
  t.match(error, { code: 'UR_ACME_CONNECTION', host: 'closed.example.net' })
  t.match(error.message, /http-01.*refused.*port 443/)
  t.equal(solver.removed.length, 1)
})

t.test('a wildcard that can only be proved by dns-01, which is not configured', async (t) => {
  const issuer = issuerFor(pebble, { solver: new NotingSolver(['http-01', 'tls-alpn-01']) })
  const error = await issueErrorOf(t, issuer.issue({ names: ['*.example.com'], replaces: null }, never()))
  t.match(error, { code: 'UR_ACME_NO_PROOF', host: '*.example.com' })
  t.match(error.message, /offers the challenges dns-01.*dns-01: a wildcard/)
})

t.test('the chain that is preferred is taken; when there is none such, the first', async (t) => {
  const roots = (await pebble.roots(3)).map((pem) => new X509Certificate(pem))
  const solver = dnsSolver(pebble)
  for (const root of roots) {
    const preferredChain = /^CN=(.*)$/m.exec(root.subject)![1]!
    const issued = await issuerFor(pebble, { solver, preferredChain }).issue(
      { names: ['c.example.com'], replaces: null },
      never(),
    )
    const [, top] = issued.chain.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? []
    t.ok(new X509Certificate(top!).checkIssued(root), preferredChain)
  }
  const issued = await issuerFor(pebble, { solver, preferredChain: 'Nobody' }).issue(
    { names: ['c.example.com'], replaces: null },
    never(),
  )
  t.match(issued.chain, /BEGIN CERTIFICATE/)
})

t.test('an authority that lost everything: the account is made anew, once', async (t) => {
  const accounts = new Accounts()
  const issuer = issuerFor(pebble, { solver: dnsSolver(pebble), accounts })
  await issuer.issue({ names: ['before.example.com'], replaces: null }, never())
  const known = accounts.byDirectory.get(pebble.directory)
  await pebble.restart()
  const names = ['a.example.com', 'b.example.com', 'c.example.com']
  const issued = await Promise.all(names.map((name) => issuer.issue({ names: [name], replaces: null }, never())))
  t.equal(issued.length, 3)
  t.equal(accounts.saved, 2)
  t.equal(accounts.byDirectory.get(pebble.directory)?.keyPem, known?.keyPem)
  // Another process finds it in the store.
  await issuerFor(pebble, { solver: dnsSolver(pebble), accounts }).issue(
    { names: ['d.example.com'], replaces: null },
    never(),
  )
  t.equal(accounts.saved, 2)
})

function countOrders(): number {
  return pebble.log.match(/Added order/g)?.length ?? 0
}
