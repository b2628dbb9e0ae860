import t from 'tap'
import { format, inspect } from 'node:util'
import { hideTokens, Secret } from '../../src/core/secret.js'

t.test('no way of printing shows the value', async (t) => {
  const value = 'unr_very-secret'
  const secret = new Secret(value)
  const printed = [
    String(secret),
    `${secret as unknown as string}`,
    '' + (secret as unknown as string),
    JSON.stringify({ secret }),
    inspect(secret, { showHidden: true, depth: null }),
    inspect({ deep: { secret } }, { depth: null }),
    format('%s %o %O %j', secret, secret, secret, secret),
    JSON.stringify(Object.entries(secret)),
    JSON.stringify({ ...secret }),
  ]
  for (const text of printed) t.notMatch(text, value)
  t.match(String(secret), '***')
})

t.test('reveal gives it back', async (t) => {
  t.equal(new Secret('abc').reveal(), 'abc')
})

t.test('a token in a text is hidden, a part of one too', async (t) => {
  t.equal(hideTokens(`--token unr_${'a1B'.repeat(14)}, unr_abcdefgh!`), '--token unr_***, unr_***!')
  t.equal(hideTokens('unr_short is none'), 'unr_short is none')
})
