import t from 'tap'
import { createHmac } from 'node:crypto'
import { ByteBudget, hashCredentials, VisitorRules, WebhookCheck } from '../../../src/access/visitor-rules/index.js'
import type { HttpRules } from '../../../src/config/index.js'
import { Secret } from '../../../src/core/secret.js'
import { CountingQueue, login, networks, NO_RULES, TestClock } from './support.js'

const ANN = await hashCredentials({ user: 'ann', password: new Secret('correct horse') })
const HERE = '192.0.2.1'

function rules(some: Partial<HttpRules>) {
  const clock = new TestClock()
  const passwords = new CountingQueue({ running: 1 })
  const context = { clock, passwords, webhookBudget: new ByteBudget(1024 * 1024), now: () => NOW_S * 1000 }
  return { clock, passwords, context, rules: new VisitorRules({ ...NO_RULES, ...some }, context) }
}

const NOW_S = 1_800_000_000

const codeOf = async (answer: ReturnType<VisitorRules['check']>) => (await answer)?.code ?? null

t.test('without rules everything passes, at once', async (t) => {
  const { rules: none } = rules({})
  t.equal(none.check(['Content-Length', '99999999999'], 'unknown'), null)
  t.equal(none.bodyGuard(), null)
  t.equal(none.newBreaker(), null)
  t.equal(none.webhook({ fields: [], url: '' }), null)
})

t.test('each rule has its refusal', async (t) => {
  t.equal(await codeOf(rules({ cidrDeny: networks('192.0.2.0/24') }).rules.check([], HERE)), 'UR_VISITOR_ADDRESS')
  t.equal(await codeOf(rules({ cidrAllow: networks('10.0.0.0/8') }).rules.check([], HERE)), 'UR_VISITOR_ADDRESS')
  t.equal(await codeOf(rules({ maxBody: 10 }).rules.check(['Content-Length', '11'], HERE)), 'UR_BODY_TOO_LARGE')
  t.equal(await codeOf(rules({ maxBody: 10 }).rules.check(['Content-Length', '10'], HERE)), null)
  t.equal(await codeOf(rules({ basicAuth: [ANN] }).rules.check([], HERE)), 'UR_VISITOR_LOGIN')
  t.equal(await codeOf(rules({ basicAuth: [ANN] }).rules.check(login('ann', 'correct horse'), HERE)), null)
  const { rules: slow } = rules({ rate: { burst: 1, perSecond: 1 } })
  t.equal(await codeOf(slow.check([], HERE)), null)
  t.equal(await codeOf(slow.check([], '192.0.2.2')), 'UR_TUNNEL_RATE')
  const { rules: each } = rules({ ratePerVisitor: { burst: 1, perSecond: 1 } })
  t.equal(await codeOf(each.check([], HERE)), null)
  t.equal(await codeOf(each.check([], '192.0.2.2')), null)
  t.equal(await codeOf(each.check([], HERE)), 'UR_VISITOR_RATE')
})

t.test('who is kept out by his address costs nothing more', async (t) => {
  const { rules: all, passwords } = rules({
    cidrAllow: networks('10.0.0.0/8'),
    basicAuth: [ANN],
    rate: { burst: 1, perSecond: 0.001 },
    ratePerVisitor: { burst: 1, perSecond: 0.001 },
  })
  for (let i = 0; i < 5; i++) t.equal(await codeOf(all.check(login('ann', 'guess'), HERE)), 'UR_VISITOR_ADDRESS')
  t.equal(passwords.checks, 0)
  t.equal(
    await codeOf(all.check(login('ann', 'correct horse'), '10.0.0.1')),
    null,
    'and takes no rate away from others',
  )
})

t.test('guesses are counted against the visitor, not against the tunnel', async (t) => {
  const { rules: both, passwords } = rules({
    basicAuth: [ANN],
    rate: { burst: 2, perSecond: 0.001 },
    ratePerVisitor: { burst: 3, perSecond: 0.001 },
  })
  for (let i = 0; i < 3; i++) t.equal(await codeOf(both.check(login('ann', `guess ${i}`), HERE)), 'UR_VISITOR_LOGIN')
  t.equal(await codeOf(both.check(login('ann', 'guess 3'), HERE)), 'UR_VISITOR_RATE')
  t.equal(passwords.checks, 3)
  t.equal(await codeOf(both.check(login('ann', 'correct horse'), '192.0.2.2')), null)
  t.equal(await codeOf(both.check(login('ann', 'correct horse'), '192.0.2.3')), null)
  t.equal(await codeOf(both.check(login('ann', 'correct horse'), '192.0.2.4')), 'UR_TUNNEL_RATE')
})

t.test('every request is checked, not only the first: known credentials do not open other rules', async (t) => {
  const { rules: both } = rules({ basicAuth: [ANN], maxBody: 10 })
  t.equal(await codeOf(both.check(login('ann', 'correct horse'), HERE)), null)
  t.equal(await codeOf(both.check([], HERE)), 'UR_VISITOR_LOGIN')
  t.equal(
    await codeOf(both.check([...login('ann', 'correct horse'), 'Content-Length', '11'], HERE)),
    'UR_BODY_TOO_LARGE',
  )
})

t.test('each body is counted by itself, each upstream has its own breaker', async (t) => {
  const { rules: some } = rules({ maxBody: 10, circuitBreaker: 0.5 })
  t.ok(some.bodyGuard()!.take(10))
  t.ok(some.bodyGuard()!.take(10))
  t.notOk(some.bodyGuard()!.take(11))
  const [one, two] = [some.newBreaker()!, some.newBreaker()!]
  for (let i = 0; i < 10; i++) one.settle(one.admit() as number, 'failed')
  t.match(one.admit(), { code: 'UR_CIRCUIT_OPEN' })
  t.type(two.admit(), 'number')
})

t.test('webhooks are verified, within the bound of the tunnel', async (t) => {
  const { rules: some } = rules({
    webhook: { provider: 'github', secret: new Secret('hush'), header: '' },
    maxBody: 5,
  })
  const signed = (body: string) => [
    'X-Hub-Signature-256',
    `sha256=${createHmac('sha256', 'hush').update(body).digest('hex')}`,
  ]
  const url = 'https://shop.example.com/'
  t.match(some.webhook({ fields: [], url }), { code: 'UR_WEBHOOK_SIGNATURE' })
  const check = some.webhook({ fields: signed('hello'), url })
  if (!(check instanceof WebhookCheck)) throw new Error('was refused')
  t.equal(check.push(Buffer.from('hello')), null)
  t.same(check.end(), Buffer.from('hello'))
  check.close(true)
  const long = some.webhook({ fields: signed('hello world'), url }) as WebhookCheck
  t.match(long.push(Buffer.from('hello world')), { code: 'UR_BODY_TOO_LARGE' })
  long.close(false)
})

const HOOK = { provider: 'stripe', secret: new Secret('hush'), header: '' } as const
const EVERYTHING: HttpRules = {
  ...NO_RULES,
  basicAuth: [ANN],
  rate: { burst: 2, perSecond: 0.001 },
  ratePerVisitor: { burst: 2, perSecond: 0.001 },
  webhook: HOOK,
}

/** Delivers the very same signed request; what is said of it. */
function deliver(some: VisitorRules, passed?: VisitorRules): string | null {
  const signature = createHmac('sha256', 'hush').update(`${NOW_S}.`).digest('hex')
  const check = some.webhook({ fields: ['Stripe-Signature', `t=${NOW_S},v1=${signature}`], url: '' }, passed)
  if (!(check instanceof WebhookCheck)) return check?.code ?? null
  const result = check.end()
  check.close(true)
  return Buffer.isBuffer(result) ? null : result.code
}

t.test(
  'an agent that comes back finds what its rules counted; where a rule is another one it counts anew',
  async (t) => {
    const { rules: before, context } = rules(EVERYTHING)
    const ann = login('ann', 'correct horse')
    t.equal(await codeOf(before.check(ann, HERE)), null)
    t.equal(deliver(before), null)
    const same = new VisitorRules(EVERYTHING, context, [before])
    t.equal(await codeOf(same.check(ann, HERE)), null)
    t.equal(await codeOf(same.check(ann, HERE)), 'UR_VISITOR_RATE')
    t.equal(await codeOf(same.check(ann, '192.0.2.2')), 'UR_TUNNEL_RATE')
    t.equal(deliver(same), 'UR_WEBHOOK_REPLAYED')
    const other = { ...EVERYTHING, rate: { burst: 1, perSecond: 1 }, webhook: { ...HOOK, secret: new Secret('other') } }
    const changed = new VisitorRules(other, context, [same, before])
    t.equal(await codeOf(changed.check(ann, HERE)), 'UR_VISITOR_RATE', 'which stayed the same')
    t.equal(await codeOf(changed.check(ann, '192.0.2.3')), null)
    t.equal(deliver(changed), 'UR_WEBHOOK_SIGNATURE', 'a secret is not taken for another one')
  },
)

t.test('rules that say the same, secrets and all', async (t) => {
  const { rules: made } = rules(EVERYTHING)
  t.ok(made.isFor({ ...EVERYTHING, webhook: { ...HOOK, secret: new Secret('hush') } }))
  t.notOk(made.isFor({ ...EVERYTHING, webhook: { ...HOOK, secret: new Secret('hash') } }))
  t.notOk(made.isFor({ ...EVERYTHING, webhook: { ...HOOK, provider: 'slack' } }))
  t.notOk(made.isFor({ ...EVERYTHING, webhook: null }))
  t.notOk(made.isFor({ ...EVERYTHING, maxBody: 1 }))
  t.notOk(made.isFor({ ...EVERYTHING, basicAuth: [{ ...ANN, salt: Buffer.alloc(16) }] }))
  t.notOk(made.isFor({ ...EVERYTHING, cidrDeny: networks('10.0.0.0/8') }))
})

t.test('a request that passed elsewhere is asked only what it was not asked there', async (t) => {
  const { rules: first, context } = rules(EVERYTHING)
  const second = new VisitorRules({ ...EVERYTHING, cidrDeny: networks('10.0.0.0/8') }, context, [first])
  const ann = login('ann', 'correct horse')
  for (let i = 0; i < 2; i++) {
    t.equal(await codeOf(first.check(ann, HERE)), null)
    t.equal(await codeOf(second.check(ann, HERE, first)), null, 'is counted once')
  }
  t.equal(await codeOf(first.check(ann, HERE)), 'UR_VISITOR_RATE')
  t.equal(await codeOf(second.check(ann, '10.0.0.1', first)), 'UR_VISITOR_ADDRESS')
  t.equal(deliver(first), null)
  t.equal(second.webhook({ fields: [], url: '' }, first), null, 'and verified once')
  const stranger = new VisitorRules(EVERYTHING, context)
  t.equal(
    await codeOf(stranger.check([], HERE, first)),
    'UR_VISITOR_LOGIN',
    'but by rules that share nothing, all over',
  )
})
