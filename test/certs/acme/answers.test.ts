import t from 'tap'
import { FakeCa, problem, type Reply } from '../../support/fake-ca.js'
import { TestAuthority, inDays } from '../support.js'
import { Accounts, issueErrorOf, issuerFor, never, NotingSolver } from './support.js'

const NAMES = { names: ['a.example.com'], replaces: null }
const solver = new NotingSolver(['http-01'])

t.test('a rate limit: Retry-After is kept, and nothing is sent a second time', async (t) => {
  const ca = await FakeCa.start(t)
  const date = new Date(Date.now() + 7_200_000)
  ca.script(
    '/order',
    problem('rateLimited', 429, { detail: 'too many certificates', headers: { 'retry-after': '3600' } }),
    problem('rateLimited', 429, { headers: { 'retry-after': date.toUTCString() } }),
    problem('rateLimited', 429, { headers: { 'retry-after': 'soon' } }),
    { status: 503, headers: { 'retry-after': '120' }, body: 'Service Unavailable' },
  )
  const issuer = issuerFor(ca, { solver })
  const first = await issueErrorOf(t, issuer.issue(NAMES, never()))
  t.match(first, {
    code: 'UR_ACME_RATE_LIMITED',
    problem: 'urn:ietf:params:acme:error:rateLimited',
    status: 429,
    detail: 'too many certificates',
    retryAfterMs: 3_600_000,
    host: 'a.example.com',
  })
  t.match(
    first.message,
    /a certificate for a\.example\.com: it said rateLimited: too many certificates \(HTTP 429\); it wants to be left alone for 3600 s\. What to do: Wait/,
  )
  const { retryAfterMs } = await issueErrorOf(t, issuer.issue(NAMES, never()))
  t.ok(retryAfterMs! > 7_100_000 && retryAfterMs! <= 7_200_000)
  t.equal((await issueErrorOf(t, issuer.issue(NAMES, never()))).retryAfterMs, null)
  t.match(await issueErrorOf(t, issuer.issue(NAMES, never())), {
    code: 'UR_ACME_SERVER',
    status: 503,
    retryAfterMs: 120_000,
  })
  t.equal(ca.askedFor('/order').length, 4)
})

t.test('trouble with the directory, the nonce and the account: the same fields', async (t) => {
  const busy: Reply = { status: 503, headers: { 'retry-after': '60' }, body: 'busy' }
  for (const path of ['/dir', '/nonce', '/account']) {
    const ca = await FakeCa.start(t)
    ca.script(path, busy)
    const error = await issueErrorOf(t, issuerFor(ca, { solver }).issue(NAMES, never()))
    t.match(error, { code: 'UR_ACME_SERVER', status: 503, retryAfterMs: 60_000 }, path)
    t.equal(ca.askedFor(path).length, 1)
  }
})

t.test('each kind of problem has its code', async (t) => {
  const ca = await FakeCa.start(t)
  const issuer = issuerFor(ca, { solver })
  const kinds = {
    rejectedIdentifier: 'UR_ACME_NAME_REFUSED',
    unsupportedIdentifier: 'UR_ACME_NAME_REFUSED',
    caa: 'UR_ACME_CAA',
    userActionRequired: 'UR_ACME_TERMS',
    unauthorized: 'UR_ACME_ACCOUNT',
    malformed: 'UR_ACME_REFUSED',
    serverInternal: 'UR_ACME_SERVER',
    somethingNew: 'UR_ACME_REFUSED',
  }
  for (const [kind, code] of Object.entries(kinds)) {
    ca.script('/order', problem(kind, 403))
    t.match(await issueErrorOf(t, issuer.issue(NAMES, never())), { code, status: 403 }, kind)
  }
  for (const kind of ['invalidContact', 'unsupportedContact']) {
    ca.script('/account', problem(kind, 400))
    const fresh = issuerFor(ca, { solver, email: 'a@example.com' })
    const error = await issueErrorOf(t, fresh.issue(NAMES, never()))
    t.match(error, { code: 'UR_ACME_CONTACT' })
    t.match(error.message, /certs\.acme\.email/)
  }
  t.same(ca.askedFor('/account').at(-1)?.payload?.['contact'], ['mailto:a@example.com'])
})

t.test('each kind of failed proof has its code, and the name', async (t) => {
  const ca = await FakeCa.start(t)
  const kinds = {
    connection: 'UR_ACME_CONNECTION',
    tls: 'UR_ACME_CONNECTION',
    dns: 'UR_ACME_DNS',
    caa: 'UR_ACME_CAA',
    unauthorized: 'UR_ACME_UNAUTHORIZED',
    incorrectResponse: 'UR_ACME_UNAUTHORIZED',
  }
  const invalid = (name: string, type?: string) => ({
    body: {
      status: type === undefined ? 'pending' : 'invalid',
      identifier: { type: 'dns', value: name },
      challenges: [
        {
          ...{
            type: 'http-01',
            url: `${ca.directory.replace('/dir', '')}/challenge/0/0`,
            token: 't',
            status: 'invalid',
          },
          ...(type !== undefined && { error: { type: `urn:ietf:params:acme:error:${type}`, detail: `bad\n${type}` } }),
        },
      ],
    },
  })
  for (const [kind, code] of Object.entries(kinds)) {
    const noting = new NotingSolver(['http-01'])
    ca.script('/proof', invalid('a.example.com'), invalid('a.example.com', kind))
    const error = await issueErrorOf(t, issuerFor(ca, { solver: noting }).issue(NAMES, never()))
    t.match(error, { code, host: 'a.example.com', detail: `bad\\u000a${kind}` }, kind)
    t.equal(noting.removed.length, 1)
  }
  const two = { names: ['a.example.com', 'b.example.com'], replaces: null }
  ca.script('/proof', invalid('a.example.com', 'dns'), invalid('b.example.com', 'connection'))
  const both = await issueErrorOf(t, issuerFor(ca, { solver }).issue(two, never()))
  t.same(both.subproblems.map(({ host }) => host).sort(), two.names)
  t.match(both.message, /a\.example\.com.*b\.example\.com|b\.example\.com.*a\.example\.com/)
})

t.test('subproblems are told by name', async (t) => {
  const ca = await FakeCa.start(t)
  const identifier = { type: 'dns', value: 'b.example.com' }
  const type = 'urn:ietf:params:acme:error:rejectedIdentifier'
  const body = { type, detail: 'some names', subproblems: [{ type, detail: 'forbidden by policy', identifier }] }
  ca.script('/order', { status: 403, body })
  const two = { names: ['a.example.com', 'b.example.com'], replaces: null }
  const error = await issueErrorOf(t, issuerFor(ca, { solver }).issue(two, never()))
  t.match(error, {
    code: 'UR_ACME_NAME_REFUSED',
    host: 'b.example.com',
    subproblems: [{ host: 'b.example.com', problem: type }],
  })
  t.match(error.message, /b\.example\.com: forbidden by policy/)
})

t.test('what is no ACME: garbage, half of it, too much of it, a redirect, a step down to http', async (t) => {
  const cases: [Reply, RegExp][] = [
    [{ body: '<html>hello</html>' }, /no JSON/],
    [{ body: '{"newNonce":', headers: { 'content-type': 'application/json' } }, /no JSON/],
    [{ body: { newNonce: 1 } }, /not understood.*newNonce/],
    [{ body: 'x'.repeat(1_200_000) }, /more than 1048576 bytes/],
    [
      { status: 302, headers: { location: 'https://elsewhere.example/dir' } },
      /redirected \(302\) to https:\/\/elsewhere/,
    ],
    [{ body: { newNonce: 'http://127.0.0.1/nonce', newAccount: 'x', newOrder: 'x' } }, /no https:\/\/ URL/],
    [{ body: { newNonce: 'file:///etc/passwd', newAccount: 'x', newOrder: 'x' } }, /no https:\/\/ URL/],
  ]
  for (const [reply, message] of cases) {
    const ca = await FakeCa.start(t)
    ca.script('/dir', reply)
    const error = await issueErrorOf(t, issuerFor(ca, { solver }).issue(NAMES, never()))
    t.equal(error.code, 'UR_ACME_ANSWER', String(message))
    t.match(error.message, message)
  }
  const place = { directory: 'http://ca.example.com/dir', ca: null }
  t.match(await issueErrorOf(t, issuerFor(place, { solver }).issue(NAMES, never())), { code: 'UR_ACME_ANSWER' })
})

t.test('answers without what has to be in them', async (t) => {
  const cases: Record<string, Reply> = {
    '/nonce': { headers: { 'replay-nonce': '' } },
    '/account': { status: 201, body: {} },
    '/order': { status: 201, body: { status: 'new' }, headers: { location: 'x' } },
    '/proof': { body: { status: 'pending', identifier: {}, challenges: [] } },
    '/finalize': { body: 'done' },
  }
  for (const [path, reply] of Object.entries(cases)) {
    const ca = await FakeCa.start(t)
    ca.script(path, reply)
    t.equal((await issueErrorOf(t, issuerFor(ca, { solver }).issue(NAMES, never()))).code, 'UR_ACME_ANSWER', path)
  }
})

t.test('a certificate that cannot be used is not taken', async (t) => {
  const other = new TestAuthority()
  const cases: [RegExp, (ca: FakeCa) => FakeCa['issue']][] = [
    [/does not belong/, () => () => other.issue().cert],
    [
      /not for a\.example\.com/,
      ({ authority }) =>
        (key) =>
          authority.certify(key, { names: ['b.example.com'] }),
    ],
    [
      /expired/,
      ({ authority }) =>
        (key, names) =>
          authority.certify(key, { names, to: inDays(-0.5) }),
    ],
    [
      /valid from/,
      ({ authority }) =>
        (key, names) =>
          authority.certify(key, { names, from: inDays(1) }),
    ],
    [/no certificate/, () => () => 'sorry'],
    [
      /not in order/,
      ({ authority }) =>
        (key, names) =>
          authority.certify(key, { names }) + other.cert,
    ],
  ]
  for (const [message, issue] of cases) {
    const ca = await FakeCa.start(t)
    ca.issue = issue(ca)
    const error = await issueErrorOf(t, issuerFor(ca, { solver }).issue(NAMES, never()))
    t.equal(error.code, 'UR_ACME_CERTIFICATE')
    t.match(error.message, message)
  }
  const ca = await FakeCa.start(t)
  ca.issue = (key, names) => ca.authority.certify(key, { names, from: inDays(2 / 1440) })
  t.match((await issuerFor(ca, { solver }).issue(NAMES, never())).chain, /BEGIN/, 'our clock may be two minutes behind')
})

t.test('trouble that passes while it is waited for does not end an order', async (t) => {
  const ca = await FakeCa.start(t)
  const issuer = issuerFor(ca, { solver })
  await issuer.issue(NAMES, never())
  // The first look at an authorization is no wait yet.
  ca.script('/proof/1/0', null, { status: 503 }, { status: 500 }, { instead: 'cut' })
  ca.script('/orders/1', problem('serverInternal', 500))
  t.match((await issuer.issue(NAMES, never())).chain, /BEGIN/)
  ca.script('/proof/2/0', null, problem('rateLimited', 429, { headers: { 'retry-after': '3600' } }))
  t.match(await issueErrorOf(t, issuer.issue(NAMES, never())), {
    code: 'UR_ACME_RATE_LIMITED',
    retryAfterMs: 3_600_000,
  })
})

t.test('an order that is not ready after all is looked at again; one that stays ready is given up', async (t) => {
  const ca = await FakeCa.start(t)
  ca.script('/finalize/0', problem('orderNotReady', 403))
  t.match((await issuerFor(ca, { solver }).issue(NAMES, never())).chain, /BEGIN/)
  ca.script('/finalize/1', ...Array.from({ length: 4 }, () => problem('orderNotReady', 403)))
  t.match(await issueErrorOf(t, issuerFor(ca, { solver }).issue(NAMES, never())), { code: 'UR_ACME_ANSWER' })
})

t.test('terms that are not agreed to, an account that needs a binding: nothing is sent', async (t) => {
  const ca = await FakeCa.start(t)
  ca.directoryExtras = { meta: { termsOfService: 'https://ca.example/terms' } }
  const error = await issueErrorOf(t, issuerFor(ca, { solver, termsAgreed: false }).issue(NAMES, never()))
  t.equal(error.code, 'UR_ACME_TERMS')
  t.match(error.message, /https:\/\/ca\.example\/terms/)
  ca.directoryExtras = { meta: { externalAccountRequired: true } }
  t.match(await issueErrorOf(t, issuerFor(ca, { solver }).issue(NAMES, never())), { code: 'UR_ACME_EAB' })
  t.equal(ca.askedFor('/account').length, 0)
})

t.test('a store that fails is no fault of the authority, and is asked again the next time', async (t) => {
  const ca = await FakeCa.start(t)
  const broken = new Accounts()
  const failure = new Error('the database is away')
  let fails = true
  const save = broken.save.bind(broken)
  broken.save = async (...args) => {
    if (fails) throw failure
    await save(...args)
  }
  const issuer = issuerFor(ca, { solver, accounts: broken })
  await t.rejects(issuer.issue(NAMES, never()), failure)
  fails = false
  t.match((await issuer.issue(NAMES, never())).chain, /BEGIN/)
})
