import t from 'tap'
import fc from 'fast-check'
import { Redactor } from '../../../src/inspector/redact/index.js'

const redactor = new Redactor({ headers: [], jsonPaths: [], reveal: false })

const digits = 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0u1V2w3X4y5Z6'
const JWT = `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.${digits.slice(0, 43)}`
const PEM = `-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n${digits}\n${digits}==\n-----END EC PRIVATE KEY-----`

/** Tokens that are known by their looks, wherever they stand. */
const TOKENS: Readonly<Record<string, string>> = {
  uniroute: `unr_${digits.slice(0, 43)}`,
  'uniroute admin': `unra_${digits.slice(0, 43)}`,
  github: `ghp_${digits.slice(0, 36)}`,
  'github app': `ghs_${digits.slice(0, 36)}`,
  'github fine-grained': `github_pat_${digits.slice(0, 22)}_${digits}`,
  gitlab: `glpat-${digits.slice(0, 20)}`,
  npm: `npm_${digits.slice(0, 36)}`,
  slack: 'xoxb-123456789012-1234567890123-AbCdEfGhIjKl',
  'stripe secret': `sk_live_${digits.slice(0, 24)}`,
  'stripe restricted': `rk_test_${digits.slice(0, 24)}`,
  'stripe webhook': `whsec_${digits.slice(0, 32)}`,
  aws: 'AKIAIOSFODNN7EXAMPLE',
  'aws temporary': 'ASIAIOSFODNN7EXAMPLE',
  google: `AIza${digits.slice(0, 35)}`,
  openai: `sk-proj-${digits.slice(0, 40)}`,
  sendgrid: `SG.${digits.slice(0, 22)}.${digits.slice(0, 43)}`,
  shopify: `shpat_${'0123456789abcdef'.repeat(2)}`,
  jwt: JWT,
  jwe: `${JWT}.abc_DEF-123.${digits}`,
}

function body(text: string, mediaType = 'text/plain', using = redactor): string {
  return using.body(Buffer.from(text, 'latin1'), mediaType).toString('latin1')
}

for (const [name, token] of Object.entries(TOKENS)) {
  t.test(`a token of ${name} is found wherever it stands`, async (t) => {
    t.equal(body(`here: ${token}, there`), 'here: [redacted], there')
    t.equal(body(token), '[redacted]')
    t.equal(body(`{"a":["${token}"]}`, 'application/json'), '{"a":["[redacted]"]}')
    t.equal(body(`a=1&b=${token}`, 'application/x-www-form-urlencoded'), 'a=1&b=[redacted]')
    t.equal(redactor.target(`/x?a=${token}&b=1`), '/x?a=[redacted]&b=1')
    t.equal(redactor.target(`/x/${token}?y`), `/x/[redacted]?y`)
    t.equal(redactor.field('X-Note', `see ${token}`).value, 'see [redacted]')
    const encoded = [...token].map((c) => `%${c.charCodeAt(0).toString(16)}`).join('')
    t.equal(redactor.target(`/x?a=${encoded}&b=1`), '/x?a=[redacted]&b=1')
    t.equal(redactor.target(`/${encoded}/b`), '/[redacted]/b')
    const escaped = [...token].map((c) => `\\u00${c.charCodeAt(0).toString(16).padStart(2, '0')}`).join('')
    t.equal(body(`{"a":"x","b":"${escaped}"}`, 'application/json'), '{"a":"x","b":"[redacted]"}')
  })
}

t.test('private keys, bearer tokens and passwords in URLs are found in text', async (t) => {
  t.equal(body(`a\n${PEM}\nb`), 'a\n[redacted]\nb')
  t.equal(body(`${PEM}\n${PEM}\n`), '[redacted]\n[redacted]\n')
  t.equal(body(`a ${PEM.slice(0, 90)}`), 'a [redacted]', 'one whose end was cut off')
  t.equal(body(JSON.stringify({ key: PEM, b: 1 }), 'application/json'), '{"key":"[redacted]","b":1}')
  t.equal(body('curl -H "Authorization: Bearer abcdef0123456789abcdef"'), 'curl -H "Authorization: Bearer [redacted]"')
  t.equal(body('a bearer authentication'), 'a bearer authentication')
  t.equal(body('postgres://me:s3cr3t@db:5432/x'), 'postgres://me:[redacted]@db:5432/x')
  t.equal(
    body('{"url":"postgres:\\/\\/me:s3cr3t@db\\/x"}', 'application/json'),
    '{"url":"postgres:\\/\\/me:[redacted]@db\\/x"}',
  )
  t.equal(
    body('aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'),
    'aws_secret_access_key = [redacted]',
  )
  t.equal(
    body('-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----'),
    '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
  )
})

t.test('what is no secret stays', async (t) => {
  for (const text of [
    'mail me@example.com, or see https://example.com:8080/a@b',
    'a task-management-system-with-a-long-name',
    'f81d4fae-7dec-11d0-a765-00a0c91e6bf6 and 0123456789abcdef0123456789abcdef',
    'eyJhbGciOiJIUzI1NiJ9 without a dot',
    'x'.repeat(5_000),
  ]) {
    t.equal(body(text), text)
    const bytes = Buffer.from(text)
    t.equal(redactor.body(bytes, 'text/plain'), bytes, 'and is not copied')
  }
})

t.test('fields', async (t) => {
  const rows: readonly [name: string, value: string, kept: string][] = [
    ['Authorization', 'Bearer abc', 'Bearer [redacted]'],
    ['authorization', 'abc', '[redacted]'],
    ['Proxy-Authorization', 'Basic dTpw', 'Basic [redacted]'],
    ['Authorization', 'SECRET x', '[redacted]'],
    ['Authorization', 'hunter2 x', '[redacted]'],
    ['Authorization', 'AWS4-HMAC-SHA256 Credential=a/b, Signature=c', 'AWS4-HMAC-SHA256 [redacted]'],
    ['Authorization', 'negotiate  YII=', 'negotiate [redacted]'],
    ['X-Original-Auth', 'Basic dTpw', 'Basic [redacted]'],
    ['X-Note', 'sent with basic%20YWRhOmh1bnRlcjI%3D here', 'sent with basic%20[redacted] here'],
    ['X-Note', 'a basic example: Basic words', 'a basic example: Basic words'],
    ['X-Debug', '{"password":"p","a":1}', '{"password":"[redacted]","a":1}'],
    ['Host', 'me:s3cr3t@shop.example.com:8443', '[redacted]@shop.example.com:8443'],
    ['Authorization', 'Digest username="u", response="r"', 'Digest [redacted]'],
    ['Cookie', 'a=1; b="x=y"; c=', 'a=[redacted]; b=[redacted]; c='],
    ['Cookie', 'opaque', '[redacted]'],
    ['Set-Cookie', 'sid=abc; Path=/; HttpOnly', 'sid=[redacted]; Path=/; HttpOnly'],
    ['Set-Cookie', 'sid=abc; Path=/, token=def; Secure', 'sid=[redacted]; Path=/, [redacted]; Secure'],
    ['Set-Cookie', 'sid=abc; secret=def; SameSite=Lax', 'sid=[redacted]; secret=[redacted]; SameSite=Lax'],
    [
      'Set-Cookie',
      'sid=abc; Expires=Wed, 09 Jun 2027 10:18:14 GMT; Max-Age=1; HttpOnly',
      'sid=[redacted]; Expires=Wed, 09 Jun 2027 10:18:14 GMT; Max-Age=1; HttpOnly',
    ],
    ['X-Api-Key', 'k', '[redacted]'],
    ['X-API-KEY', 'k', '[redacted]'],
    ['Api-Key', 'k', '[redacted]'],
    ['X-Auth-Token', 'k', '[redacted]'],
    ['X-Amz-Security-Token', 'k', '[redacted]'],
    ['Ocp-Apim-Subscription-Key', 'k', '[redacted]'],
    ['X-Original-Authorization', 'Bearer k', 'Bearer [redacted]'],
    ['Referer', 'https://a.example/x?token=abc&b=1', 'https://a.example/x?token=[redacted]&b=1'],
    ['Location', '/next?code=1#access', '/next?code=1#access'],
    ['Location', 'https://u:p@a.example/', 'https://u:[redacted]@a.example/'],
    ['Location', '/cb#access_token=abc&b=1', '/cb#access_token=[redacted]&b=1'],
    ['Location', '/#/cb?token=abc', '/#/cb?token=[redacted]'],
    ['X-Original-Cookie', 'sid=abc', '[redacted]'],
    ['auth-token-bin', 'abc', '[redacted]'],
    ['Sec-WebSocket-Protocol', 'chat, access_token, abc', 'chat, access_token, [redacted]'],
    ['Sec-WebSocket-Protocol', 'Bearer, abc', 'Bearer, [redacted]'],
    ['Sec-WebSocket-Protocol', 'graphql-transport-ws, graphql-ws', 'graphql-transport-ws, graphql-ws'],
    [
      'Sec-WebSocket-Protocol',
      'base64url.bearer.authorization.k8s.io.YWJj, base64.binary.k8s.io',
      'base64url.bearer.authorization.k8s.io.[redacted], base64.binary.k8s.io',
    ],
    ['Stripe-Signature', 't=1,v1=abc', 't=1,v1=abc'],
    ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ==', 'dGhlIHNhbXBsZSBub25jZQ=='],
    ['X-Empty-Token', '', ''],
    ['Accept', 'text/html;q=0.9', 'text/html;q=0.9'],
  ]
  for (const [name, value, kept] of rows) {
    t.same(
      redactor.field(name, value),
      { name, value: kept, redacted: kept !== value, secret: null },
      `${name}: ${value}`,
    )
  }
  t.same(redactor.fields(['A', '1', 'X-Api-Key', 'k']), [
    { name: 'A', value: '1', redacted: false, secret: null },
    { name: 'X-Api-Key', value: '[redacted]', redacted: true, secret: null },
  ])
})

t.test('fields and paths of the user are added, and secrets kept where that is asked for', async (t) => {
  const mine = new Redactor({ headers: ['X-Customer'], jsonPaths: ['$.card.number', 'not a path['], reveal: true })
  t.same(mine.field('x-customer', 'Ada'), { name: 'x-customer', value: '[redacted]', redacted: true, secret: 'Ada' })
  t.same(mine.fields(['Cookie', 'a=b']), [{ name: 'Cookie', value: 'a=[redacted]', redacted: true, secret: 'a=b' }])
  t.same(mine.field('Accept', '*/*').secret, null)
  t.equal(body('{"card":{"number":4111}}', 'application/json', mine), '{"card":{"number":"[redacted]"}}')
})

t.test('queries and forms', async (t) => {
  const rows: readonly [before: string, after: string][] = [
    ['token=a&access_token=b&x=c', 'token=[redacted]&access_token=[redacted]&x=c'],
    [
      'api_key=a&apikey=b&api-key=c&apiKey=d',
      'api_key=[redacted]&apikey=[redacted]&api-key=[redacted]&apiKey=[redacted]',
    ],
    ['password=a&passwd=b&client_secret=c', 'password=[redacted]&passwd=[redacted]&client_secret=[redacted]'],
    [
      'X-Amz-Signature=a&X-Amz-Credential=b&sig=c',
      'X-Amz-Signature=[redacted]&X-Amz-Credential=[redacted]&sig=[redacted]',
    ],
    ['access%5Ftoken=a&user%5Bpassword%5D=b', 'access%5Ftoken=[redacted]&user%5Bpassword%5D=[redacted]'],
    ['user[password]=b', 'user[password]=[redacted]'],
    ['next=https%3A%2F%2Fa%2F%3Ftoken%3Dabc', 'next=[redacted]'],
    ['next=/a?token=abc&b=/c?d=e', 'next=[redacted]&b=/c?d=e'],
    ['a=1;token=abc;b=2&password=c;d', 'a=1;token=[redacted];b=2&password=[redacted]'],
    ['password1=a&password2=b&pass1=c', 'password1=[redacted]&password2=[redacted]&pass1=[redacted]'],
    [
      'user[password_confirmation]=a&passwordConfirm=b',
      'user[password_confirmation]=[redacted]&passwordConfirm=[redacted]',
    ],
    ['passwords_off=1&password_hint=b&passport=c', 'passwords_off=1&password_hint=b&passport=c'],
    ['payload=%7B%22token%22%3A%22a%22%7D&b=%7B%22c%22%3A1%7D', 'payload=[redacted]&b=%7B%22c%22%3A1%7D'],
    ['next_page_token=abc&pageToken=d&sort=e', 'next_page_token=abc&pageToken=d&sort=e'],
    ['token=&token', 'token=&token'],
    ['&&=&a=%zz', '&&=&a=%zz'],
  ]
  for (const [before, after] of rows) {
    t.equal(redactor.target(`/p?${before}`), `/p?${after}`)
    t.equal(body(before, 'application/x-www-form-urlencoded'), after)
  }
  t.equal(body('password=a&b=c\n', ''), 'password=[redacted]&b=c\n', 'of a program that does not say what it sends')
  t.equal(body('password=a b', 'text/plain'), 'password=a b', 'a text that is no form')
  t.equal(redactor.target('*'), '*')
  t.equal(redactor.target('/a;jsessionid=b/c;v=1?d'), '/a;jsessionid=[redacted]/c;v=1?d')
  t.equal(redactor.target('/cb?a=1#id=2&access_token=b'), '/cb?a=1#id=2&access_token=[redacted]')
  t.equal(redactor.target('http://u:p@h/?a=1'), 'http://u:[redacted]@h/?a=1')
})

t.test('multipart forms', async (t) => {
  const form = (secret: string) =>
    `--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n${secret}\r\n` +
    '--b\r\nContent-Disposition: form-data; name="a"; filename="x"\r\nContent-Type: text/plain\r\n\r\nhunter2\r\n--b--\r\n'
  t.equal(body(form('hunter2'), 'multipart/form-data'), form('[redacted]'))
  const cut = '--b\r\nContent-Disposition: form-data; name=token\r\n\r\nabc'
  t.equal(body(cut, 'multipart/form-data'), cut.replace('abc', '[redacted]'))
})

t.test('parts of a multipart body, whatever they are and however they are written', async (t) => {
  const rows: readonly [part: string, type: string][] = [
    ['Content-Disposition: form-data; name="a"\r\nContent-Type: application/json\r\n\r\n{"password":"#"}', 'form-data'],
    ['Content-Type: application/json\r\n\r\n{"password":"#"}', 'related'],
    ['Content-Disposition: form-data;\r\n name="password"\r\n\r\n#', 'form-data'],
    ["Content-Disposition: form-data; name*=utf-8''password\r\n\r\n#", 'form-data'],
    ["Content-Disposition: form-data; name='password'\r\n\r\n#", 'form-data'],
    ['Content-Disposition: form-data; name="a"\r\n\r\ntoken=#', 'form-data'],
    ['Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\ntoken=#\r\n--c--', 'mixed'],
  ]
  for (const [part, type] of rows) {
    for (const preamble of ['', 'for whom this is no form\r\n']) {
      const whole = `${preamble}--b\r\n${part}\r\n--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n\x00\xff\r\n--b--\r\n`
      for (const text of [whole, whole.replaceAll('\r\n', '\n')]) {
        t.equal(body(text.replace('#', 'hunter2'), `multipart/${type}`), text.replace('#', '[redacted]'), text)
      }
    }
  }
  let deep = 'token=x'
  for (let i = 0; i < 2_000; i++) deep = `--b${i}-\r\nContent-Type: multipart/mixed\r\n\r\n${deep}`
  t.doesNotThrow(() => body(deep, 'multipart/mixed'))
})

t.test('a secret is found however the text is cut behind it, and nothing of its inside remains', async (t) => {
  const secret = 'zqzqzq'.repeat(8)
  const text = `{"user":"ada","password":"${secret}","n":1}`
  const from = text.indexOf(secret)
  for (let end = from; end <= text.length; end++) {
    t.notMatch(body(text.slice(0, end), 'application/json'), /zq/, `cut at ${end}`)
  }
})

t.test('any text is read in a time that grows with its length only', async (t) => {
  const pieces = [
    'eyJ',
    'sk-',
    '"',
    '\\',
    '{"a":',
    '[',
    '://',
    ':',
    '@',
    'bearer ',
    '-----BEGIN ',
    'PRIVATE KEY-----',
    'PRIVATE KEY-----\n-----END abcdefghijklm-----',
    '%41',
    '&',
    'SG.',
    '\r\n--b',
    'a=',
  ]
  for (const piece of pieces) {
    for (const type of ['application/json', 'application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain']) {
      const started = performance.now()
      body(piece.repeat(Math.ceil(1_000_000 / piece.length)), type)
      t.ok(performance.now() - started < 5_000, `${piece} as ${type}`)
    }
  }
})

t.test('no text throws, and what is redacted once stays as it is', async (t) => {
  const piece = fc.oneof(
    fc.constantFrom('"', '\\', '{', '}', '[', ']', ',', ':', '"token":', '"a":', JWT, PEM, 'token=', '&', '%', '?'),
    fc.string(),
  )
  fc.assert(
    fc.property(
      fc.array(piece),
      fc.constantFrom('application/json', 'text/plain', 'application/x-www-form-urlencoded'),
      (parts, type) => {
        const once = body(parts.join(''), type)
        return !once.includes(JWT.slice(4)) && body(once, type) === once
      },
    ),
    { numRuns: 2_000 },
  )
})
