import t from 'tap'
import { createHmac } from 'node:crypto'
import { inspect } from 'node:util'
import { ByteBudget } from '../../../../src/access/visitor-rules/webhook/growing-body.js'
import {
  MAX_WEBHOOK_BODY,
  TOLERANCE_S,
  WebhookCheck,
  WebhookRule,
} from '../../../../src/access/visitor-rules/webhook/webhook-rule.js'
import type { WebhookProvider } from '../../../../src/config/index.js'
import { Secret } from '../../../../src/core/secret.js'

const SECRET = 'whsec_test_secret'
const NOW_S = 1_800_000_000
const BODY = Buffer.from('{"id": "evt_test_webhook"}')
const URL_OF_HOOK = 'https://shop.example.com/hook'

function rule(options: { provider?: WebhookProvider; maxBody?: number; budget?: number } = {}) {
  const { provider = 'stripe', maxBody = Number.POSITIVE_INFINITY, budget: bytes = 64 * 1024 * 1024 } = options
  const time = { seconds: NOW_S }
  const budget = new ByteBudget(bytes)
  const webhook = { provider, secret: new Secret(SECRET), header: '' }
  return { time, budget, rule: new WebhookRule(webhook, { budget, maxBody, now: () => time.seconds * 1000 }) }
}

function stripe(body: Buffer, seconds = NOW_S): string[] {
  const signature = createHmac('sha256', SECRET).update(`${seconds}.`).update(body).digest('hex')
  return ['Stripe-Signature', `t=${seconds},v1=${signature}`]
}

function github(body: Buffer): string[] {
  return ['X-Hub-Signature-256', `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`]
}

function begun(webhookRule: WebhookRule, fields: readonly string[]): WebhookCheck {
  const check = webhookRule.begin({ fields, url: URL_OF_HOOK })
  if (check instanceof WebhookCheck) return check
  throw new Error(`was refused: ${check.code}`)
}

/** A whole request; the code of its refusal, or its body. */
function deliver(webhookRule: WebhookRule, fields: readonly string[], body: Buffer, delivered = true): string {
  const check = webhookRule.begin({ fields, url: URL_OF_HOOK })
  if (!(check instanceof WebhookCheck)) return check.code
  const refused = check.push(body)
  const result = refused ?? check.end()
  const answer = Buffer.isBuffer(result) ? result.toString() : result.code
  check.close(delivered)
  return answer
}

t.test('a webhook that is signed gets through, whole', async (t) => {
  const { rule: webhooks, budget } = rule()
  const check = begun(webhooks, stripe(BODY))
  t.equal(check.push(BODY.subarray(0, 5)), null)
  t.equal(check.push(BODY.subarray(5)), null)
  const body = check.end()
  t.ok(Buffer.isBuffer(body) && body.equals(BODY))
  t.ok(budget.used > 0)
  check.close(true)
  t.equal(budget.used, 0, 'its memory is given back')
})

t.test('one that is not is refused: by its head where that is enough, else by its body', async (t) => {
  const { rule: webhooks, budget } = rule()
  t.same(webhooks.begin({ fields: [], url: URL_OF_HOOK }), { code: 'UR_WEBHOOK_SIGNATURE', headers: {} })
  t.equal(deliver(webhooks, stripe(BODY), Buffer.from('{"id": "evt_forged"}')), 'UR_WEBHOOK_SIGNATURE')
  t.equal(deliver(webhooks, stripe(Buffer.alloc(0)), Buffer.alloc(0)), '', 'an empty body can be signed')
  t.equal(budget.used, 0)
})

t.test('time: so far off, and no further, on both sides', async (t) => {
  const { rule: webhooks } = rule()
  for (const seconds of [NOW_S - TOLERANCE_S, NOW_S + TOLERANCE_S])
    t.equal(deliver(webhooks, stripe(BODY, seconds), BODY), BODY.toString(), String(seconds - NOW_S))
  for (const seconds of [NOW_S - TOLERANCE_S - 1, NOW_S + TOLERANCE_S + 1, 0])
    t.equal(deliver(webhooks, stripe(BODY, seconds), BODY), 'UR_WEBHOOK_EXPIRED', String(seconds - NOW_S))
})

t.test('the same signed request does not come through twice', async (t) => {
  const { rule: webhooks, time } = rule()
  t.equal(deliver(webhooks, stripe(BODY), BODY), BODY.toString())
  t.equal(deliver(webhooks, stripe(BODY), BODY), 'UR_WEBHOOK_REPLAYED')
  const [name, value] = stripe(BODY) as [string, string]
  t.equal(
    deliver(webhooks, [name, `${value},v1=${'0'.repeat(64)}`], BODY),
    'UR_WEBHOOK_REPLAYED',
    'however it is written',
  )
  time.seconds += TOLERANCE_S
  t.equal(deliver(webhooks, stripe(BODY), BODY), 'UR_WEBHOOK_REPLAYED', 'for as long as its time is good')
  time.seconds += 1
  t.equal(deliver(webhooks, stripe(BODY), BODY), 'UR_WEBHOOK_EXPIRED')
  t.equal(deliver(webhooks, stripe(BODY, time.seconds), BODY), BODY.toString(), 'signed again it is another')
})

t.test('not even at the same time', async (t) => {
  const { rule: webhooks } = rule()
  const [first, second] = [begun(webhooks, stripe(BODY)), begun(webhooks, stripe(BODY))]
  first.push(BODY)
  second.push(BODY)
  t.ok(Buffer.isBuffer(first.end()))
  t.same(second.end(), { code: 'UR_WEBHOOK_REPLAYED', headers: {} })
  second.close(false)
  t.equal(deliver(webhooks, stripe(BODY), BODY), 'UR_WEBHOOK_REPLAYED', 'the refused one does not make room')
  first.close(true)
})

t.test('nor by sending the body so slowly that the first is forgotten', async (t) => {
  const { rule: webhooks, time } = rule()
  t.equal(deliver(webhooks, stripe(BODY), BODY), BODY.toString())
  const replay = begun(webhooks, stripe(BODY))
  replay.push(BODY)
  time.seconds += TOLERANCE_S + 1
  t.match(replay.end(), { code: 'UR_WEBHOOK_EXPIRED' })
  replay.close(false)
})

t.test('what was not delivered may come again as it is', async (t) => {
  const { rule: webhooks } = rule()
  t.equal(deliver(webhooks, stripe(BODY), BODY, false), BODY.toString())
  t.equal(deliver(webhooks, stripe(BODY), BODY, true), BODY.toString())
  t.equal(deliver(webhooks, stripe(BODY), BODY, true), 'UR_WEBHOOK_REPLAYED')
})

t.test('who signs no time may send the same again: GitHub’s “redeliver” does', async (t) => {
  const { rule: webhooks } = rule({ provider: 'github' })
  t.equal(deliver(webhooks, github(BODY), BODY), BODY.toString())
  t.equal(deliver(webhooks, github(BODY), BODY), BODY.toString())
})

t.test('a body has a bound: of its own, or the tunnel’s', async (t) => {
  const large = Buffer.alloc(MAX_WEBHOOK_BODY + 1)
  const own = rule({ provider: 'github' })
  t.equal(deliver(own.rule, github(large), large), 'UR_BODY_TOO_LARGE')
  t.equal(deliver(own.rule, github(large.subarray(1)), large.subarray(1)).length, MAX_WEBHOOK_BODY)
  const tunnels = rule({ provider: 'github', maxBody: BODY.length })
  t.equal(deliver(tunnels.rule, github(BODY), BODY), BODY.toString())
  t.equal(deliver(tunnels.rule, github(BODY), Buffer.concat([BODY, BODY])), 'UR_BODY_TOO_LARGE')
  const announced = [...github(BODY), 'Content-Length', String(BODY.length + 1)]
  t.match(tunnels.rule.begin({ fields: announced, url: URL_OF_HOOK }), { code: 'UR_BODY_TOO_LARGE' })
  t.equal(own.budget.used, 0)
  t.equal(tunnels.budget.used, 0)
})

t.test('all together have one too', async (t) => {
  const { rule: webhooks, budget } = rule({ provider: 'github', budget: 10_000 })
  const body = Buffer.alloc(8000, 'x')
  const waiting = begun(webhooks, github(body))
  t.equal(waiting.push(body), null)
  const check = begun(webhooks, github(body))
  t.same(check.push(body), { code: 'UR_WEBHOOK_BUSY', headers: { 'retry-after': '2' } })
  check.close(false)
  waiting.close(false)
  t.equal(budget.used, 0)
  t.equal(deliver(webhooks, github(body), body), body.toString())
})

t.test('the secret shows nowhere', async (t) => {
  const { rule: webhooks } = rule()
  t.notMatch(inspect(webhooks, { depth: 9, showHidden: true }) + JSON.stringify(webhooks), SECRET)
})
