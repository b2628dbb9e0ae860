import t from 'tap'
import { createHmac } from 'node:crypto'
import { twilioProof } from '../../../../src/access/visitor-rules/webhook/twilio.js'
import { Secret } from '../../../../src/core/secret.js'

// The vectors are those of Twilio's documentation ("Security", and the tests of its helper library for Node.js).

const TOKEN = new Secret('12345')
const URL_SIGNED = 'https://mycompany.com/myapp.php?foo=1&bar=2'
const FORM = 'application/x-www-form-urlencoded'

interface Delivery {
  signature: string
  url?: string
  body?: string
  type?: string
  more?: string[]
}

/** null: no signature that could be verified; false: a wrong one. */
function verified({ signature, url = URL_SIGNED, body = '', type = FORM, more = [] }: Delivery) {
  const fields = ['X-Twilio-Signature', signature, 'Content-Type', type, ...more]
  const proof = twilioProof(TOKEN, { fields, url })
  if (proof === null) return null
  proof.update(Buffer.from(body))
  return proof.verify(Buffer.from(body)) !== null
}

const form = (...pairs: (readonly [string, string])[]) =>
  pairs.map((pair) => pair.map(encodeURIComponent).join('=')).join('&')

const CALL = [
  ['Digits', '1234'],
  ['To', '+18005551212'],
  ['From', '+14158675309'],
  ['Caller', '+14158675309'],
  ['CallSid', 'CA1234567890ABCDE'],
] as const

t.test('the documented form', async (t) => {
  const documented = CALL.map(([name, value]) => [name, value.replace('+14158675309', '+12349013030')] as const)
  t.equal(verified({ signature: '0/KCTR6DLpKmkAf8muzZqo1nDgQ=', body: form(...documented) }), true)
  t.equal(verified({ signature: '0/KCTR6DLpKmkAf8muzZqo1nDgQ=', body: form(...CALL) }), false)
  const signature = 'RSOYDt4T1cUTdK1PDd93/VVr8B8='
  t.equal(verified({ signature, body: form(...CALL) }), true)
  t.equal(verified({ signature, body: form(...CALL), type: `${FORM.toUpperCase()}; charset=utf-8` }), true)
  t.equal(verified({ signature, body: form(...CALL.slice(1)) }), false, 'a parameter less')
  t.equal(verified({ signature, body: `${form(...CALL)}&x=` }), false, 'a parameter more')
  t.equal(verified({ signature, body: '' }), false)
  t.equal(verified({ signature, body: form(...CALL), url: `${URL_SIGNED}&x=1` }), false, 'another URL')
  t.equal(verified({ signature, body: form(...CALL), url: URL_SIGNED.replace('mycompany', 'other') }), false)
})

t.test('the port may have been there or not when it was signed', async (t) => {
  const body = form(...CALL)
  const withPort = (url: string, port: number) => url.replace('.com', `.com:${port}`)
  const http = URL_SIGNED.replace('https', 'http')
  t.equal(verified({ signature: 'RSOYDt4T1cUTdK1PDd93/VVr8B8=', body, url: withPort(URL_SIGNED, 1234) }), true)
  t.equal(verified({ signature: 'Zmvh+3yNM1Phv2jhDCwEM3q5ebU=', body, url: withPort(http, 1234) }), true)
  t.equal(verified({ signature: 'kvajT1Ptam85bY51eRf/AJRuM3w=', body }), true, 'signed with :443')
  t.equal(verified({ signature: '0ZXoZLH/DfblKGATFgpif+LLRf4=', body, url: http }), true, 'signed with :80')
  t.equal(verified({ signature: 'Zmvh+3yNM1Phv2jhDCwEM3q5ebU=', body, url: withPort(http, 1235) }), false)
})

t.test('a login in the URL is signed too', async (t) => {
  const more = ['Authorization', `Basic ${Buffer.from('user:pass').toString('base64')}`]
  const body = form(...CALL)
  t.equal(verified({ signature: 'CukzLTc1tT5dXEDIHm/tKBanW10=', body, more }), true)
  t.equal(verified({ signature: 'ZQFR1PTIZXF2MXB8ZnKCvnnA+rI=', body, more }), true, 'with :443')
  t.equal(verified({ signature: 'RSOYDt4T1cUTdK1PDd93/VVr8B8=', body, more }), true, 'or is not')
  t.equal(verified({ signature: 'CukzLTc1tT5dXEDIHm/tKBanW10=', body }), false)
})

t.test('names in order, each with its different values in order', async (t) => {
  const address = (...values: string[]) => form(...values.map((value) => ['MessagingBinding.Address', value] as const))
  const signature = '83O6e2vORAoJHUNzJjDWN1jz+BA='
  t.equal(verified({ signature, body: address('+1325xxxxxxx', '+1415xxxxxxx') }), true)
  t.equal(verified({ signature, body: address('+1415xxxxxxx', '+1325xxxxxxx') }), true)
  const digits = ['5678', '1234', '1234'].map((value) => ['Digits', value] as const)
  const body = form(['Sid', 'CA123'], ['SidAccount', 'AC123'], ...digits)
  t.equal(verified({ signature: 'IK+Dwps556ElfBT0I3Rgjkr1wJU=', body }), true)
})

t.test('a body that is no form is covered by its hash in the URL', async (t) => {
  const body = '{"property": "value", "boolean": true}'
  const hash = '0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620'
  const json = {
    type: 'application/json',
    body,
    url: `${URL_SIGNED}&bodySHA256=${hash}`,
    signature: 'a9nBmqA0ju/hNViExpshrM61xv4=',
  }
  t.equal(verified(json), true)
  t.equal(verified({ ...json, body: `${body} ` }), false)
  t.equal(verified({ ...json, body: '' }), false)
  const only = {
    ...json,
    url: `https://mycompany.com/myapp.php?bodySHA256=${hash}`,
    signature: 'y77kIzt2vzLz71DgmJGsen2scGs=',
  }
  t.equal(verified(only), true)
  t.equal(verified({ ...json, url: json.url.slice(0, -1) }), false)
  t.equal(
    verified({
      ...json,
      body: '{}',
      signature: 'Ldidvp12m26NI7eqEvxnEpkd9Hc=',
      url: json.url.replace(hash, '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a'),
    }),
    true,
  )
})

t.test('a body that nothing covers is not taken', async (t) => {
  const signature = createHmac('sha1', '12345').update(URL_SIGNED).digest('base64')
  t.equal(verified({ signature, type: 'application/json' }), true, 'without a body the URL is all there is')
  t.equal(verified({ signature, type: 'application/json', body: '{}' }), false)
  t.equal(verified({ signature, type: 'text/plain', body: form(...CALL) }), false)
})

t.test('SHA-256, where the settings of the account say so', async (t) => {
  const signature = createHmac('sha256', '12345').update(URL_SIGNED).digest('base64')
  const more = ['X-Twilio-Webhooks-Signature-Settings', 'key=SK1,algorithm=HMAC_SHA256']
  t.equal(verified({ signature, more }), true)
  t.equal(verified({ signature }), null, 'as SHA-1 it has the wrong length')
  t.equal(verified({ signature: 'RSOYDt4T1cUTdK1PDd93/VVr8B8=', body: form(...CALL), more }), null)
})

t.test('no signature', async (t) => {
  for (const signature of ['', 'FAIL', 'RSOYDt4T1cUTdK1PDd93/VVr8B8', 'RSOYDt4T1cUTdK1PDd93_VVr8B8='])
    t.equal(verified({ signature }), null, signature)
})
