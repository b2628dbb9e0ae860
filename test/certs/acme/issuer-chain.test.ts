import t from 'tap'
import { IssuerChain } from '../../../src/certs/acme/index.js'
import { IssueChainError } from '../../../src/certs/issue-error.js'
import { silentLogger } from '../../../src/core/logger.js'
import { FakeCa, problem } from '../../support/fake-ca.js'
import { RecordedLog } from '../../support/log.js'
import { freePort } from '../../support/places.js'
import { issueErrorOf, issuerFor, never, NotingSolver } from './support.js'

const NAMES = { names: ['a.example.com'], replaces: null }
const solver = new NotingSolver(['http-01'])

t.test('the first directory is down: the second one issues, and says that it was it', async (t) => {
  const down = issuerFor({ directory: `https://127.0.0.1:${await freePort()}/dir`, ca: null }, { solver })
  const ca = await FakeCa.start(t)
  const issued = await new IssuerChain([down, issuerFor(ca, { solver })], silentLogger).issue(NAMES, never())
  t.equal(issued.directory, ca.directory)
})

t.test('what another authority may see otherwise goes on, a proof that failed does not', async (t) => {
  const [one, two] = [await FakeCa.start(t), await FakeCa.start(t)]
  const chain = new IssuerChain([issuerFor(one, { solver }), issuerFor(two, { solver })], silentLogger)
  for (const kind of ['rateLimited', 'serverInternal', 'rejectedIdentifier', 'caa', 'malformed', 'unauthorized']) {
    one.script('/order', problem(kind, 403))
    t.equal((await chain.issue(NAMES, never())).directory, two.directory, kind)
  }
  const before = two.asked.length
  const detail = 'connection refused'
  one.script('/proof', {
    body: {
      status: 'invalid',
      identifier: { value: 'a.example.com' },
      challenges: [
        {
          type: 'http-01',
          url: 'x',
          status: 'invalid',
          error: { type: 'urn:ietf:params:acme:error:connection', detail },
        },
      ],
    },
  })
  const error = await issueErrorOf(t, chain.issue(NAMES, never()))
  t.match(error, { code: 'UR_ACME_CONNECTION', directory: one.directory })
  t.equal(two.asked.length, before)
})

t.test('when all of them fail, the error tells of each', async (t) => {
  const [one, two] = [await FakeCa.start(t), await FakeCa.start(t)]
  const chain = new IssuerChain([issuerFor(one, { solver }), issuerFor(two, { solver })], silentLogger)
  const limited = (seconds: string) => problem('rateLimited', 429, { headers: { 'retry-after': seconds } })
  one.script('/order', limited('600'), limited('600'))
  two.script('/order', limited('60'), problem('serverInternal', 500, { detail: 'on fire' }))
  const error = await issueErrorOf(t, chain.issue(NAMES, never()))
  t.type(error, IssueChainError)
  t.match(error, { code: 'UR_ACME_ALL_FAILED', retryAfterMs: 60_000 })
  t.same(
    (error as IssueChainError).failures.map(({ code }) => code),
    ['UR_ACME_RATE_LIMITED', 'UR_ACME_RATE_LIMITED'],
  )
  const other = await issueErrorOf(t, chain.issue(NAMES, never()))
  t.equal(other.retryAfterMs, null, 'the second one may be asked at any time')
  for (const part of [one.directory, two.directory, 'rateLimited', 'on fire']) t.match(other.message, part)
})

t.test('a chain of one fails as that one; whoever gives up is not sent to the next', async (t) => {
  const [one, two] = [await FakeCa.start(t), await FakeCa.start(t)]
  one.script('/order', problem('rateLimited', 429))
  const log = new RecordedLog()
  const single = new IssuerChain([issuerFor(one, { solver })], log)
  t.match(await issueErrorOf(t, single.issue(NAMES, never())), { code: 'UR_ACME_RATE_LIMITED' })
  t.same(log.lines, [], 'whoever ordered tells of it')
  const chain = new IssuerChain([issuerFor(one, { solver }), issuerFor(two, { solver })], silentLogger)
  one.script('/order', { instead: 'silence' })
  const abort = new AbortController()
  const issuing = chain.issue(NAMES, abort.signal)
  issuing.catch(() => undefined)
  while (one.askedFor('/order').length < 2) await new Promise((resolve) => setImmediate(resolve))
  abort.abort(new Error('enough'))
  await t.rejects(issuing, { message: 'enough' })
  t.equal(two.asked.length, 0)
})

t.test('renewal windows come from the directory that issued', async (t) => {
  const [one, two] = [await FakeCa.start(t), await FakeCa.start(t)]
  const chain = new IssuerChain([issuerFor(one, { solver }), issuerFor(two, { solver })], silentLogger)
  two.directoryExtras = { renewalInfo: two.directory.replace('/dir', '/ari') }
  two.script('/ari', { body: { suggestedWindow: { start: '2026-01-02T00:00:00Z', end: '2026-01-03T00:00:00Z' } } })
  const { cert } = two.authority.issue()
  t.same((await chain.renewalWindow(cert, two.directory, never()))?.start, new Date('2026-01-02T00:00:00Z'))
  t.equal(await chain.renewalWindow(cert, one.directory, never()), null)
  t.equal(await chain.renewalWindow(cert, 'https://gone.example/dir', never()), null)
})
