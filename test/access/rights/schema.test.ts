import t from 'tap'
import { parseRights, patchRights, rightsFrom } from '../../../src/access/index.js'

t.test('rights have one spelling', (t) => {
  t.strictSame(
    parseRights({
      kinds: ['http'],
      names: ['SHOP', '*.Alice.Example.com', 'Alice-*', 'BÜCHER.example'],
      ports: [20_000, '20005-20010', '7-7'],
      require_rules: ['basic-auth', 'cidr_allow | verify-webhook'],
      max_tunnels: 5,
      requests_per_second: 0.5,
    }),
    {
      kinds: ['http'],
      names: ['shop', '*.alice.example.com', 'alice-*', 'xn--bcher-kva.example'],
      ports: ['20000', '20005-20010', '7'],
      require_rules: ['basic_auth', 'cidr_allow|verify_webhook'],
      max_tunnels: 5,
      requests_per_second: 0.5,
    },
  )
  t.strictSame(rightsFrom({}), null)
  t.strictSame(rightsFrom(null), null)
  t.end()
})

t.test('what is wrong is named', (t) => {
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [{ kind: ['http'] }, /^kind: unknown key; the nearest known key is kinds$/],
    [{ kinds: ['quic'] }, /^kinds\[0\]: "quic" is no kind; write tcp, tls or http$/],
    [{ kinds: [] }, /^kinds: is empty; leave it out/],
    [{ kinds: 'http' }, /^kinds: is not a list$/],
    [{ names: ['a b'] }, /^names\[0\]: "a b" is not allowed; write a name such as/],
    [{ names: ['x.*.example.com'] }, /^names\[0\]: "x\.\*\.example\.com" is not allowed/],
    [{ names: ['ok', ''] }, /^names\[1\]: "" is not allowed/],
    [{ names: Array.from({ length: 101 }, (_, i) => `n${i}`) }, /^names: has more than 100 entries$/],
    [{ ports: ['99999'] }, /^ports\[0\]: "99999" is not allowed; write a port or a range/],
    [{ ports: ['9-5'] }, /^ports\[0\]/],
    [{ ports: ['127.0.0.1:80'] }, /^ports\[0\]/],
    [{ ports: [true] }, /^ports\[0\]/],
    [{ kinds: ['http'], require_rules: ['bsic_auth'] }, /^require_rules\[0\]: "bsic_auth" is not allowed; write rules/],
    [{ kinds: ['http'], require_rules: ['basic_auth|'] }, /^require_rules\[0\]/],
    [{ require_rules: ['rate'] }, /^require_rules: is for tunnels of kind http, and tunnels of kind tcp and tls/],
    [{ kinds: ['http', 'tls'], require_rules: ['rate'] }, /^require_rules: .*kind tls have no rules/],
    [{ max_tunnels: 0 }, /^max_tunnels: write a whole number from 1 to 1000000$/],
    [{ max_tunnels: 1.5 }, /^max_tunnels: write a whole number/],
    [{ max_streams: '7' }, /^max_streams: is no number; write a whole number/],
    [{ requests_per_second: 0 }, /^requests_per_second: write a number from 0\.01/],
    [{ bytes_per_day: 2 ** 60 }, /^bytes_per_day: write a whole number/],
    [{ bytes_per_day: null }, /^bytes_per_day: is no number/],
    ['all', /^the rights are no object with keys$/],
    [[], /^the rights are no object with keys$/],
    [{ max_tunnels: 0, colour: 1, kinds: ['x'] }, /kinds\[0\].*\n.*max_tunnels.*\n.*colour: unknown key/],
  ]
  for (const [raw, message] of cases) {
    t.throws(() => parseRights(raw), { name: 'ConfigError', code: 'UR_RIGHTS_INVALID', message }, JSON.stringify(raw))
  }
  t.end()
})

t.test('a patch changes what it names, and lifts what it says is null', (t) => {
  const before = { kinds: ['http'], max_tunnels: 5 }
  t.strictSame(patchRights(before, { max_tunnels: 2 }), { kinds: ['http'], max_tunnels: 2 })
  t.strictSame(patchRights(before, { kinds: null }), { max_tunnels: 5 })
  t.strictSame(patchRights(before, { kinds: null, max_tunnels: null }), null)
  t.strictSame(patchRights(before, {}), before)
  t.strictSame(patchRights(before, null), null)
  t.strictSame(patchRights(null, { ports: [80] }), { ports: ['80'] })
  t.throws(() => patchRights({ colour: 'red' }, { max_tunnels: 2 }), { message: /colour: unknown key/ })
  t.strictSame(patchRights({ colour: 'red' }, null), null, 'what cannot be read can be lifted')
  t.end()
})
