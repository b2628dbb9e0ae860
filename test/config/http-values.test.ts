import t from 'tap'
import { inspect } from 'node:util'
import {
  isEditableField,
  parseCredentials,
  parseField,
  parseRate,
  parseWebhookProvider,
} from '../../src/config/http-values.js'

t.test('a header field as users write it', async (t) => {
  t.same(parseField('X-Team: shop'), ['X-Team', 'shop'])
  t.same(parseField('x-team:shop'), ['x-team', 'shop'])
  t.same(parseField('X-Time:  10:30 \t'), ['X-Time', '10:30'])
  t.same(parseField('X-Empty:'), ['X-Empty', ''])
  t.same(parseField('Caf-E: caf\u00e9'), ['Caf-E', 'caf\u00e9'])
  for (const bad of [
    '',
    'X-Team',
    ': shop',
    ':path: /',
    'X Team: shop',
    'X-Team: a\r\nX-Evil: 1',
    'X-Team: a\nb',
    'X-Team: a\0b',
    'X\r\n-Team: a',
    'X-Team: \u2603',
  ])
    t.equal(parseField(bad), undefined, JSON.stringify(bad))
})

t.test('fields of the connection and the framing are nobody’s to edit', async (t) => {
  for (const name of [
    'Connection',
    'keep-alive',
    'TE',
    'Transfer-Encoding',
    'Upgrade',
    'Proxy-Connection',
    'Host',
    'Content-Length',
    'Trailer',
  ]) {
    t.notOk(isEditableField(name), name)
    t.equal(parseField(`${name}: x`), undefined, name)
  }
  for (const name of ['Authorization', 'X-Forwarded-For', 'Content-Type', 'Via']) t.ok(isEditableField(name), name)
})

t.test('credentials', async (t) => {
  const ann = parseCredentials('ann:correct:horse')
  t.equal(ann?.user, 'ann')
  t.equal(ann?.password.reveal(), 'correct:horse')
  t.notMatch(inspect(ann) + JSON.stringify(ann), /correct/)
  t.ok(parseCredentials(`a:${'p'.repeat(128)}`))
  t.ok(parseCredentials('ann:pässwörd'))
  for (const bad of [
    '',
    'ann',
    ':password',
    'ann:short12',
    `ann:${'p'.repeat(129)}`,
    'ann:pass\nword',
    'a\0nn:password',
    `${'\u00e4'.repeat(65)}:password`,
  ])
    t.equal(parseCredentials(bad), undefined, JSON.stringify(bad))
})

t.test('rates', async (t) => {
  t.same(parseRate('100/s'), { burst: 100, perSecond: 100 })
  t.same(parseRate('600/m'), { burst: 600, perSecond: 10 })
  t.same(parseRate('1800/h'), { burst: 1800, perSecond: 0.5 })
  t.same(parseRate('1000000/s'), { burst: 1_000_000, perSecond: 1_000_000 })
  for (const bad of [
    '',
    '100',
    '0/s',
    '-1/s',
    '1.5/s',
    '100/d',
    '100/S',
    '1000001/s',
    '100/s ',
    '/s',
    'Infinity/s',
    '99999999/s',
  ])
    t.equal(parseRate(bad), undefined, bad)
})

t.test('providers of webhooks', async (t) => {
  for (const provider of ['stripe', 'github', 'slack', 'shopify', 'twilio'] as const)
    t.same(parseWebhookProvider(provider), { provider, header: '' })
  t.same(parseWebhookProvider('hmac:X-Signature'), { provider: 'hmac', header: 'x-signature' })
  for (const bad of [
    '',
    'Stripe',
    'paypal',
    'hmac',
    'hmac:',
    'hmac:X Sig',
    'hmac:a:b',
    'stripe:X',
    'stripe:',
    'toString',
  ])
    t.equal(parseWebhookProvider(bad), undefined, bad)
})
