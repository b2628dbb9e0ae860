import { parseClientHello } from '../../../src/hello/client-hello.js'
import { encodeProxyHeader, parseProxyHeader } from '../../../src/hello/proxy-header.js'
import { browserHello, buildHello, helloMessage, inRecords, sni } from '../client-hello.js'
import { mustEqual, surroundedBy, type FuzzTarget } from '../fuzz.js'
import type { Random } from '../random.js'
import { RECORDED_HELLOS } from '../recorded-hellos.js'

/** Parses the input whole, within other memory, and every prefix that matters; all must agree. */
function parseEveryWay<T extends { kind: string }>(parse: (bytes: Buffer) => T, input: Buffer, random: Random): T {
  const result = parse(surroundedBy(0x00, input))
  mustEqual(parse(surroundedBy(0xff, input)), result, 'the result depends on memory outside the input')
  if (result.kind !== 'need') {
    const longer = Buffer.concat([input, random.bytes(20)])
    mustEqual(parse(longer), result, 'more bytes changed what was decided')
  }
  for (let tries = 0; tries < 3; tries++) {
    const prefix = parse(input.subarray(0, random.below(input.length + 1)))
    if (prefix.kind !== 'need') mustEqual(prefix, result, 'a prefix was decided otherwise than the whole')
  }
  return result
}

export const clientHelloTarget: FuzzTarget = {
  name: 'ClientHello',
  corpus: [
    ...Object.values(RECORDED_HELLOS).map(({ bytes }) => bytes),
    browserHello('www.example.org'),
    buildHello({ extensions: null }),
    inRecords(helloMessage({ extensions: [sni('db.example.com')] }), 30),
    inRecords(RECORDED_HELLOS.curl.bytes.subarray(5), 100),
    Buffer.from('GET / HTTP/1.1\r\nHost: example.org\r\n\r\n'),
    Buffer.from('802e0100020015000000100100800700c0030080060040020080040080', 'hex'),
  ],
  mustReach: ['hello', 'need', 'invalid', 'not-tls', 'too-long'],
  run(input, random) {
    const result = parseEveryWay((bytes) => parseClientHello(bytes), input, random)
    if (result.kind === 'hello') {
      const held = result.alpn.reduce((sum, name) => sum + name.length, result.sni?.length ?? 0)
      if (held > input.length) throw new Error(`${held} bytes of names came out of ${input.length} bytes`)
      if (result.sni !== null && !/^[a-z0-9.-]{1,253}$/.test(result.sni)) throw new Error(`host name ${result.sni}`)
    }
    return result.kind
  },
}

const V4 = { source: { address: '192.0.2.1', port: 56324 }, destination: { address: '203.0.113.9', port: 443 } }
const V6 = { source: { address: '2001:db8::1', port: 1 }, destination: { address: '::1', port: 65535 } }
const NOBODY = { source: null, destination: null }
const v2Body = (body: string): Buffer => Buffer.from(`0d0a0d0a000d0a515549540a${body}`, 'hex')

export const proxyHeaderTarget: FuzzTarget = {
  name: 'PROXY header',
  corpus: [
    ...([1, 2] as const).flatMap((version) => [V4, V6, NOBODY].map((ends) => encodeProxyHeader(version, ends))),
    Buffer.from('PROXY UNKNOWN ffff:f...f:ffff ffff 65535 65535\r\n'),
    v2Body('2111001bc0000201cb007109dc0401bb0100026832040007000000000000'),
    v2Body('20000007030004c6e5d1b8'),
  ],
  mustReach: ['ok', 'need', 'invalid'],
  run(input, random) {
    const result = parseEveryWay(parseProxyHeader, input, random)
    if (result.kind === 'ok') {
      if (result.length > input.length) throw new Error(`a header of ${result.length} bytes out of ${input.length}`)
      const { version, source, destination } = result.header
      const again = parseProxyHeader(encodeProxyHeader(version, { source, destination }))
      if (again.kind !== 'ok') throw new Error(`what was read cannot be written: ${JSON.stringify(result)}`)
    }
    return result.kind
  },
}
