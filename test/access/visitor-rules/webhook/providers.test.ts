import t, { type Test } from 'tap'
import { createHmac } from 'node:crypto'
import { proofOf } from '../../../../src/access/visitor-rules/webhook/providers.js'
import type { WebhookProvider } from '../../../../src/config/index.js'
import { Secret } from '../../../../src/core/secret.js'

interface Delivery {
  readonly provider: WebhookProvider
  readonly secret: string
  readonly fields: readonly string[]
  readonly body: string
  readonly header?: string
}

/** null: no signature that could be verified; false: a wrong one. */
function verified({ provider, secret, fields, body, header = '' }: Delivery, url = 'https://shop.example.com/hook') {
  const proof = proofOf({ provider, secret: new Secret(secret), header }, { fields, url })
  if (proof === null) return null
  const bytes = Buffer.from(body)
  for (let at = 0; at < bytes.length; at += 7) proof.update(bytes.subarray(at, at + 7))
  return proof.verify(bytes) !== null
}

const timestampOf = ({ provider, secret, fields, header = '' }: Delivery) =>
  proofOf({ provider, secret: new Secret(secret), header }, { fields, url: '' })?.timestamp

/** Everything about a good delivery that must make it a bad one. */
function tampered(delivery: Delivery): Record<string, Delivery> {
  return {
    'another secret': { ...delivery, secret: `${delivery.secret}x` },
    'one more byte': { ...delivery, body: `${delivery.body} ` },
    'one byte less': { ...delivery, body: delivery.body.slice(1) },
    'no body': { ...delivery, body: '' },
  }
}

function rejectsTampering(t: Test, delivery: Delivery): void {
  for (const [what, bad] of Object.entries(tampered(delivery))) t.equal(verified(bad), false, what)
}

// GitHub: "Validating webhook deliveries", testing the validation

const GITHUB: Delivery = {
  provider: 'github',
  secret: "It's a Secret to Everybody",
  body: 'Hello, World!',
  fields: ['X-Hub-Signature-256', 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17'],
}

t.test('GitHub’s documented example', async (t) => {
  t.equal(verified(GITHUB), true)
  t.equal(timestampOf(GITHUB), null)
  rejectsTampering(t, GITHUB)
  const value = GITHUB.fields[1]!
  for (const bad of [
    '',
    value.slice(7),
    value.slice(0, -1),
    `${value}0`,
    value.replace('sha256', 'sha1'),
    value.replace('7', 'g'),
  ])
    t.equal(verified({ ...GITHUB, fields: ['X-Hub-Signature-256', bad] }), null, bad)
  t.equal(
    verified({ ...GITHUB, fields: ['X-Hub-Signature', value] }),
    null,
    'the older field with SHA-1 does not count',
  )
  t.equal(verified({ ...GITHUB, fields: [...GITHUB.fields, ...GITHUB.fields] }), null, 'nor do two')
})

// Slack: "Verifying requests from Slack", step by step

const SLACK: Delivery = {
  provider: 'slack',
  secret: '8f742231b10e8888abcd99yyyzzz85a5',
  body:
    'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V' +
    '&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=' +
    '&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN' +
    '&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
  fields: [
    ...['X-Slack-Request-Timestamp', '1531420618'],
    ...['X-Slack-Signature', 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503'],
  ],
}

t.test('Slack’s documented example', async (t) => {
  t.equal(verified(SLACK), true)
  t.equal(timestampOf(SLACK), 1_531_420_618)
  rejectsTampering(t, SLACK)
  const [time, seconds, name, value] = SLACK.fields as [string, string, string, string]
  t.equal(verified({ ...SLACK, fields: [time, '1531420619', name, value] }), false, 'the time is signed')
  t.equal(verified({ ...SLACK, fields: [name, value] }), null)
  t.equal(verified({ ...SLACK, fields: [time, seconds] }), null)
  for (const bad of ['yesterday', '-1', '1e9', '0x5b478e0a', '1531420618.5', ''])
    t.equal(verified({ ...SLACK, fields: [time, bad, name, value] }), null, bad)
  t.equal(verified({ ...SLACK, fields: [time, seconds, name, value.replace('v0', 'v1')] }), null)
})

// Stripe documents the scheme and an example of the field; the HMACs are those of the tests of its library for Node.js

t.test('Stripe’s hash: the vectors of its library', async (t) => {
  for (const [payload, signature] of [
    ['', 'f7f9bd47fb987337b5796fdc1fdb9ba221d0d5396814bfcaf9521f43fd8927fd'],
    ['{"obj1":"hello","obj2":"world"}', 'bebb1a643997f419b315ddba19e6f5411e1ce7f810ba6d3617ce72823092f363'],
    ['\ud83d\ude00', '837da296d05c4fe31f61d5d7ead035099d9585a5bcde87de952012a78f0b0c43'],
  ] as const) {
    const plain = { provider: 'hmac', secret: 'test_secret', header: 'x-sum', body: payload } as const
    t.equal(verified({ ...plain, fields: ['X-Sum', signature] }), true, payload)
  }
})

const STRIPE_SECRET = 'whsec_test_secret'
const stripeSignature = (seconds: string, body: string, secret = STRIPE_SECRET) =>
  createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')
const stripe = (value: string, body = '{"id": "evt_test_webhook"}'): Delivery => ({
  provider: 'stripe',
  secret: STRIPE_SECRET,
  body,
  fields: ['Stripe-Signature', value],
})

t.test('Stripe’s scheme', async (t) => {
  const body = '{"id": "evt_test_webhook"}'
  const good = stripeSignature('1492774577', body)
  const zero = '6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39'
  const delivery = stripe(`t=1492774577,v1=${good},v0=${zero}`)
  t.equal(verified(delivery), true)
  t.equal(timestampOf(delivery), 1_492_774_577)
  rejectsTampering(t, delivery)
  const old = stripeSignature('1492774577', body, 'whsec_old')
  t.equal(verified(stripe(`t=1492774577,v1=${old},v1=${good}`)), true, 'two secrets, while it is changed')
  t.equal(verified(stripe(`v1=${good}, t=1492774577`)), true)
  t.equal(verified(stripe(`t=1492774577,v1=${good},v1=potato`)), true, 'as in the tests of its library')
  t.equal(verified(stripe(`t=1492774578,v1=${good}`)), false, 'the time is signed')
  t.equal(verified(stripe(`t=1492774577,v0=${good}`)), null, 'other schemes do not count')
  for (const bad of [
    '',
    'bad_header',
    `v1=${good}`,
    't=1492774577',
    `t=,v1=${good}`,
    `t=1492774577,v1=${good.slice(1)}`,
  ])
    t.equal(verified(stripe(bad)), null, bad)
  t.equal(verified(stripe(`t=1492774577,t=9999999999,v1=${good}`)), null, 'one time, not two')
  t.equal(
    verified(stripe(`t=1492774577,${'v1=aa,'.repeat(10_000)}v1=${good}`)),
    null,
    'a field of any length ends soon',
  )
})

// Shopify documents the scheme without an example; the vector is OpenSSL's: openssl dgst -sha256 -hmac … -binary | base64

const SHOPIFY: Delivery = {
  provider: 'shopify',
  secret: 'test-webhook-secret',
  body: '{"id":1234567890,"email":"customer@example.com","total_price":"123.45"}',
  fields: ['X-Shopify-Hmac-SHA256', 'QNyObTlKbMx2qDlPF/ZOZcBqg5OgPg+2oky3zldc0Gw='],
}

t.test('Shopify', async (t) => {
  t.equal(verified(SHOPIFY), true)
  t.equal(timestampOf(SHOPIFY), null)
  rejectsTampering(t, SHOPIFY)
  const value = SHOPIFY.fields[1]!
  for (const bad of [
    '',
    value.slice(0, -1),
    value.replace('/', '_'),
    `${value}=`,
    `A${value}`,
    Buffer.from(value, 'base64').toString('hex'),
  ])
    t.equal(verified({ ...SHOPIFY, fields: ['X-Shopify-Hmac-Sha256', bad] }), null, bad)
})

t.test('plain HMAC: in hexadecimal or base64, in whatever field the user names', async (t) => {
  const body = 'Hello, World!'
  const digest = createHmac('sha256', 'secret').update(body).digest()
  const plain = (value: string): Delivery => ({
    provider: 'hmac',
    secret: 'secret',
    header: 'x-team-sum',
    body,
    fields: ['X-Team-Sum', value],
  })
  const [hex, base64] = [digest.toString('hex'), digest.toString('base64')]
  for (const good of [hex, hex.toUpperCase(), base64, `sha256=${hex}`, `SHA256=${base64}`, ` ${hex} `]) {
    t.equal(verified(plain(good)), true, good)
    rejectsTampering(t, plain(good))
  }
  for (const bad of ['', 'sha256=', hex.slice(2), `sha1=${hex}`, base64.slice(1)])
    t.equal(verified(plain(bad)), null, bad)
  t.equal(verified({ ...plain(hex), fields: ['X-Other', hex] }), null)
})
