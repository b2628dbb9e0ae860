import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import t from 'tap'
import fc from 'fast-check'
import { signedCertificate } from '../../src/certs/x509.js'
import { HTTP_BOUNDS, type HttpOptions, type HttpRules } from '../../src/config/index.js'
import { RefusedError } from '../../src/core/errors.js'
import { Secret } from '../../src/core/secret.js'
import {
  Control,
  decodeHttpOptions,
  decodeMessage,
  encodeDelimited,
  encodeHttpOptions,
  Kind,
  MAX_MESSAGE_BYTES,
  type HttpOptionsInit,
} from '../../src/protocol/index.js'

const NOTHING: HttpOptions = {
  hostHeader: null,
  requestHeaders: { add: [], remove: [] },
  responseHeaders: { add: [], remove: [] },
  rules: {
    basicAuth: [],
    cidrAllow: [],
    cidrDeny: [],
    maxBody: null,
    rate: null,
    ratePerVisitor: null,
    circuitBreaker: null,
    webhook: null,
    mutualTlsCa: [],
  },
}

/** A certificate that vouches for itself, DER. */
function certificate(commonName: string, isAuthority: boolean): Buffer {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const dates = { notBefore: new Date(0), notAfter: new Date(2e12) }
  const role = isAuthority ? { permitted: { hosts: ['example.com'], ranges: [] } } : { names: ['example.com'] }
  const fields = { commonName, issuerName: commonName, ...dates, publicKey, issuerKey: publicKey, role }
  return new X509Certificate(signedCertificate(fields, privateKey)).raw
}

const ANN = { user: 'ann', salt: Buffer.alloc(16, 1), hash: Buffer.alloc(32, 2), cost: { logN: 14, r: 8, p: 1 } }
const EVERYTHING: HttpOptions = {
  hostHeader: 'localhost:3000',
  requestHeaders: { add: ['X-Team', 'shop', 'X-Team', 'caf\u00e9'], remove: ['Referer'] },
  responseHeaders: { add: ['X-Frame-Options', 'DENY'], remove: ['Server', 'X-Powered-By'] },
  rules: {
    basicAuth: [ANN, { ...ANN, user: 'bob' }],
    cidrAllow: [{ address: '10.0.0.0', prefix: 8 }],
    cidrDeny: [{ address: '2001:db8::', prefix: 32 }],
    maxBody: 2 ** 40,
    rate: { burst: 100, perSecond: 100 },
    ratePerVisitor: { burst: 1800, perSecond: 0.5 },
    circuitBreaker: 0.5,
    webhook: { provider: 'hmac', secret: new Secret('hush'), header: 'x-sum' },
    mutualTlsCa: [certificate('one', true), certificate('two', true)].sort((a, b) => a.compare(b)),
  },
}

/** The options after a journey inside `Bind`. */
function travelled(options: HttpOptions): HttpOptions {
  const bytes = encodeDelimited(Control, {
    bind: { request: 1, kind: Kind.KIND_HTTP, name: 'shop', httpOptions: encodeHttpOptions(options) },
  })
  const start = bytes.findIndex((byte) => byte < 0x80) + 1
  return decodeHttpOptions(decodeMessage(Control, bytes.subarray(start)).bind?.httpOptions)
}

t.test('what an agent asks for is what the server keeps', async (t) => {
  t.same(travelled(NOTHING), NOTHING)
  const arrived = travelled(EVERYTHING)
  t.same(arrived, EVERYTHING)
  t.equal(arrived.rules.webhook?.secret.reveal(), 'hush')
  t.same(decodeHttpOptions(undefined), NOTHING, 'an agent that asks for nothing')
  t.same(decodeHttpOptions(null), NOTHING)
})

t.test('each rule by itself, and a body of 0 bytes', async (t) => {
  for (const rule of Object.keys(EVERYTHING.rules) as (keyof HttpRules)[]) {
    const options = { ...NOTHING, rules: { ...NOTHING.rules, [rule]: EVERYTHING.rules[rule] } }
    t.same(travelled(options), options, rule)
    t.equal(encodeHttpOptions(options).rules?.required?.length, 1, rule)
  }
  const empty = { ...NOTHING, rules: { ...NOTHING.rules, maxBody: 0 } }
  t.same(travelled(empty), empty)
})

t.test('the most that may be asked for fits in a message', async (t) => {
  const { credentials, userBytes, networks, fields, addedBytes, removedBytes, secret } = HTTP_BOUNDS
  const edits = {
    add: Array.from({ length: fields }, (_, i) => [
      `x-${i}`.padEnd(30, '-'),
      'a'.repeat(addedBytes / fields - 30),
    ]).flat(),
    remove: Array.from({ length: fields }, (_, i) => `x-${i}`.padEnd(removedBytes / fields, '-')),
  }
  const network = { address: '2001:0db8:1111:2222:3333:4444:255.255.255.255', prefix: 128 }
  const most: HttpOptions = {
    hostHeader: 'a'.repeat(63),
    requestHeaders: edits,
    responseHeaders: edits,
    rules: {
      ...EVERYTHING.rules,
      basicAuth: Array.from({ length: credentials }, (_, i) => ({ ...ANN, user: String(i).padEnd(userBytes, 'u') })),
      cidrAllow: Array<typeof network>(networks).fill(network),
      cidrDeny: Array<typeof network>(networks).fill(network),
      webhook: { provider: 'hmac', secret: new Secret('s'.repeat(secret)), header: 'x-sum' },
      mutualTlsCa: [],
    },
  }
  t.same(travelled(most), most)
  t.ok(encodeDelimited(Control, { bind: { httpOptions: encodeHttpOptions(most) } }).length < MAX_MESSAGE_BYTES)
})

const refused = (message: HttpOptionsInit) => {
  try {
    decodeHttpOptions(message)
  } catch (error) {
    if (error instanceof RefusedError) return error
    throw error
  }
  return null
}

t.test('a rule that this version does not know is not passed over in silence', async (t) => {
  const error = refused({ rules: { required: ['basic_auth', 'geo_allow\u001b[31m'] } })
  t.equal(error?.code, 'UR_RULE_UNKNOWN')
  t.match(error?.message, /"geo_allow\\u001b\[31m"/)
})

t.test('nor is one that was announced and did not arrive', async (t) => {
  for (const name of [
    'basic_auth',
    'cidr_allow',
    'cidr_deny',
    'rate',
    'rate_per_visitor',
    'circuit_breaker',
    'webhook',
    'mutual_tls_ca',
  ])
    t.equal(refused({ rules: { required: [name] } })?.code, 'UR_BIND_INVALID', name)
})

t.test('an agent that breaks the rules for rules is refused', async (t) => {
  const user = { user: 'ann', salt: ANN.salt, hash: ANN.hash, ...ANN.cost }
  const BAD: Record<string, HttpOptionsInit> = {
    'a host that ends the line': { hostHeader: 'a\r\nX-Evil: 1' },
    'a host that is none': { hostHeader: 'a b' },
    'a field that ends the line': { requestHeaders: { add: [{ name: 'x', value: 'a\r\nX-Evil: 1' }] } },
    'a field with NUL': { responseHeaders: { add: [{ name: 'x', value: 'a\0' }] } },
    'a name that ends the line': { requestHeaders: { add: [{ name: 'x\r\ny', value: 'a' }] } },
    'an authority that is none': { rules: { mutualTlsCa: [certificate('leaf', false)] } },
    'an authority that is no certificate': { rules: { mutualTlsCa: [Buffer.from('-----BEGIN')] } },
    'an authority with bytes behind it': {
      rules: { mutualTlsCa: [Buffer.concat([certificate('one', true), Buffer.alloc(1)])] },
    },
    'authorities without end': { rules: { mutualTlsCa: Array<Buffer>(33).fill(certificate('one', true)) } },
    'a field of ours a second time': { requestHeaders: { add: [{ name: 'X-Forwarded-For', value: '6.6.6.6' }] } },
    'no name': { requestHeaders: { add: [{ value: 'a' }] } },
    'a field of the connection': { requestHeaders: { add: [{ name: 'Transfer-Encoding', value: 'chunked' }] } },
    'the host taken away': { requestHeaders: { remove: ['host'] } },
    'the length taken away': { responseHeaders: { remove: ['Content-Length'] } },
    'too many fields': { requestHeaders: { add: Array(65).fill({ name: 'x', value: 'y' }) } },
    'too many names': { requestHeaders: { remove: Array<string>(65).fill('x') } },
    'too long fields': { requestHeaders: { add: [{ name: 'x', value: 'y'.repeat(9000) }] } },
    'a user without a name': { rules: { basicAuth: [{ ...user, user: '' }] } },
    'a user with a colon': { rules: { basicAuth: [{ ...user, user: 'a:b' }] } },
    'a hash without salt': { rules: { basicAuth: [{ ...user, salt: Buffer.alloc(0) }] } },
    'a short hash': { rules: { basicAuth: [{ ...user, hash: Buffer.alloc(1) }] } },
    'a hash that costs gigabytes': { rules: { basicAuth: [{ ...user, logN: 30 }] } },
    'a hash that costs minutes': { rules: { basicAuth: [{ ...user, p: 1_000_000 }] } },
    'a hash that costs nothing': { rules: { basicAuth: [{ ...user, logN: 1 }] } },
    'a user twice': { rules: { basicAuth: [user, user] } },
    'too many users': { rules: { basicAuth: Array.from({ length: 33 }, (_, i) => ({ ...user, user: `u${i}` })) } },
    'a network that is none': { rules: { cidrAllow: ['10.0.0.0/33'] } },
    'too many networks': { rules: { cidrDeny: Array<string>(257).fill('10.0.0.0/8') } },
    'a rate of nothing': { rules: { rate: { burst: 1, perSecond: 0 } } },
    'a rate of NaN': { rules: { rate: { burst: Number.NaN, perSecond: 1 } } },
    'a rate without end': { rules: { ratePerVisitor: { burst: Number.POSITIVE_INFINITY, perSecond: 1 } } },
    'a share above 1': { rules: { circuitBreaker: 1.01 } },
    'a share below 0': { rules: { circuitBreaker: -1 } },
    'a provider that is none': { rules: { webhook: { provider: 'paypal', secret: 'x' } } },
    'a field for a provider that has its own': { rules: { webhook: { provider: 'stripe', secret: 'x', header: 'y' } } },
    'hmac without a field': { rules: { webhook: { provider: 'hmac', secret: 'x' } } },
    'no secret': { rules: { webhook: { provider: 'stripe' } } },
    'a long secret': { rules: { webhook: { provider: 'stripe', secret: 'x'.repeat(513) } } },
  }
  for (const [what, message] of Object.entries(BAD)) t.equal(refused(message)?.code, 'UR_BIND_INVALID', what)
})

t.test('whatever bytes come: options, a refusal, or no message', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        const message = decodeMessage(
          Control,
          Buffer.from([0x0a, ...lengthOf(bytes.length + 3), 0x52, ...lengthOf(bytes.length), ...bytes]),
        )
        decodeHttpOptions(message.bind?.httpOptions)
      } catch (error) {
        if (!['UR_BIND_INVALID', 'UR_RULE_UNKNOWN', 'UR_PROTOCOL_MESSAGE'].includes((error as RefusedError).code))
          throw error
      }
    }),
    { numRuns: 2000 },
  )
})

/** A varint of one or two bytes. */
function lengthOf(length: number): number[] {
  return length < 0x80 ? [length] : [(length & 0x7f) | 0x80, length >> 7]
}
