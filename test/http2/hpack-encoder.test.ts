import { once } from 'node:events'
import http2 from 'node:http2'
import net, { type AddressInfo, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { Flag, FrameType, HpackDecoder, HpackEncoder, Setting, type HeaderField } from '../../src/http2/index.js'
import { FrameParser } from '../../src/proxy/http/http2/frame-parser.js'
import { within } from '../support/hang.js'
import { memoryInUse } from '../support/memory.js'
import { Random } from '../support/random.js'
import { frame } from '../support/raw-http2.js'

const NAMES = ['cache-control', 'Content-Type', 'content-length', 'Date', 'ETag', 'Set-Cookie', 'server', 'VARY']
const OWN_NAMES = ['x-request-id', 'X-Request-Id', 'x-own', 'X-Own', 'traceparent', 'x', 'X-' + 'long'.repeat(40)]
const SIZES = [0, 31, 32, 100, 1_000, 4_096, 65_536]

t.test('we read what we have written, whatever the tables may hold', async (t) => {
  const random = new Random(1)
  for (let connection = 0; connection < 50; connection++) {
    const encoder = new HpackEncoder()
    const decoder = new HpackDecoder()
    for (let i = 0; i < 100; i++) {
      for (let left = random.chance(0.2) ? 1 + random.below(3) : 0; left > 0; left--) {
        const size = random.pick(SIZES)
        encoder.allow(size)
        decoder.allow(size)
      }
      const { status, fields } = randomAnswer(random)
      const block = encoder.encode(status, fields)
      same(t, decoder.decode(block, 0, block.length, Infinity), asRead(status, fields))
    }
  }
  t.pass('5,000 blocks')
})

t.test('the table has 4 KiB at most, however large a one is allowed', async (t) => {
  const encoder = new HpackEncoder()
  encoder.allow(1024 * 1024)
  const decoder = new HpackDecoder()
  const random = new Random(2)
  for (let i = 0; i < 2_000; i++) {
    const { status, fields } = randomAnswer(random)
    const block = encoder.encode(status, fields)
    // It throws where an index is beyond its own table, which has 4 KiB.
    same(t, decoder.decode(block, 0, block.length, Infinity), asRead(status, fields))
  }
  for (let i = 0; i < 2_000; i++) encoder.encode(200, [`x-${i % 100}`, `${i}`])
  const before = memoryInUse()
  for (let i = 0; i < 100_000; i++) encoder.encode(200, [`x-${i}`, `value ${i}`, 'x-own', `${i}`])
  t.ok(memoryInUse() - before < 1024 * 1024, 'nor is more remembered')
})

t.test('nghttp2 reads what we have written', async (t) => {
  const { client, answerWith } = await nghttp2Client(t)
  const random = new Random(3)
  for (let i = 0; i < 1_000; i++) {
    // Of several that come at once the smallest one counts as well.
    for (let left = random.chance(0.1) ? 1 + random.below(3) : 0; left > 0; left--) {
      client.settings({ headerTableSize: random.pick(SIZES) })
    }
    // It checks that a body has the length that its answer tells.
    const { fields } = randomAnswer(random, (name) => name !== 'content-length')
    const status = random.pick([200, 204, 404, 418, 503])
    answerWith(status, fields)
    const stream = client.request({ ':path': '/' })
    const [, , raw] = (await within('the answer', once(stream.resume(), 'response'))) as [unknown, unknown, string[]]
    if (!stream.closed) await within('its end', once(stream, 'close'))
    same(t, pairs(raw), asRead(status, fields))
  }
  t.pass('1,000 answers')
})

t.test('a new size of the table is told in front of the next block, the smallest one first', async (t) => {
  const cases: [sizes: number[], hex: string][] = [
    [[4_096], ''],
    [[65_536], ''],
    [[100], '3f45'],
    [[0], '20'],
    [[100, 0], '20'],
    [[0, 100], '20 3f45'],
    [[1_000, 10, 100, 4_096], '2a 3fe11f'],
    [[100, 4_096], '3f45 3fe11f'],
  ]
  for (const [sizes, hex] of cases) {
    const encoder = new HpackEncoder()
    for (const size of sizes) encoder.allow(size)
    const told = hex.replaceAll(' ', '')
    t.equal(encoder.encode(200, []).toString('hex'), `${told}88`, `sizes ${sizes.join(', ')}`)
    t.equal(encoder.encode(200, []).toString('hex'), '88', 'once')
  }
})

t.test('what a table that was smaller for a while has lost is written again', async (t) => {
  const encoder = new HpackEncoder()
  encoder.encode(200, ['x-own', 'a'])
  t.equal(encoder.encode(200, ['x-own', 'a']).toString('hex'), '88be')
  encoder.allow(0)
  encoder.allow(4_096)
  t.match(encoder.encode(200, ['x-own', 'a']).toString('latin1'), /x-own\x01a$/)
})

t.test('cookies are never put into a table, by nobody', async (t) => {
  const encoder = new HpackEncoder()
  for (const name of ['set-cookie', 'Set-Cookie']) {
    // 0001: never indexed; the name by index 55 of the static table.
    t.equal(encoder.encode(200, [name, 'a=b']).toString('latin1'), '\x88\x1f\x28\x03a=b')
  }
})

t.test('of fields that change with each answer at most the name is in the table', async (t) => {
  const encoder = new HpackEncoder()
  for (let i = 0; i < 2; i++) {
    t.equal(encoder.encode(200, ['content-length', '42']).toString('latin1'), '\x88\x0f\x0d\x0242')
  }
  t.equal(encoder.encode(0, ['x-request-id', 'a']).toString('latin1'), '\x40\x0cx-request-id\x01a')
  t.equal(encoder.encode(0, ['x-request-id', 'a']).toString('latin1'), '\x0f\x2f\x01a', 'named by its first one')
})

t.test('a large value is in no table, and pushes nothing out', async (t) => {
  const encoder = new HpackEncoder()
  encoder.encode(0, ['x-own', 'a'])
  const large = ['x-large', 'v'.repeat(1_024)]
  t.equal(encoder.encode(0, large).length, encoder.encode(0, large).length)
  t.equal(encoder.encode(0, ['x-own', 'a']).toString('hex'), 'be')
})

t.test('characters that could end a field become question marks', async (t) => {
  const encoder = new HpackEncoder()
  const decoder = new HpackDecoder()
  const bad = ['\r', '\n', '\0', '\x1f', '\x7f', '\u010d', '\u020a', '\u2028', '\u{1f600}']
  for (const text of bad) {
    const block = encoder.encode(0, ['x-own', `a${text}b`])
    const marks = '?'.repeat(text.length)
    t.same(decoder.decode(block, 0, block.length, Infinity), [['x-own', `a${marks}b`]], codeOf(text))
  }
  for (const text of [...bad, ' ', '\xe4']) {
    const block = encoder.encode(0, [`x${text}y`, 'a'])
    const marks = '?'.repeat(text.length)
    t.same(decoder.decode(block, 0, block.length, Infinity), [[`x${marks}y`, 'a']], `${codeOf(text)} in a name`)
  }
  const block = encoder.encode(0, ['x-own', 'a\t\xe4 b'])
  t.same(decoder.decode(block, 0, block.length, Infinity), [['x-own', 'a\t\xe4 b']], 'others do not')
})

function codeOf(text: string): string {
  return text.codePointAt(0)!.toString(16)
}

/** A client of Node, and answers of ours for it. */
async function nghttp2Client(t: Test) {
  const encoder = new HpackEncoder()
  let answer: [status: number, fields: readonly string[]] = [200, []]
  const server = net.createServer((socket: Socket) => {
    socket.setNoDelay(true).on('error', () => undefined)
    const parser = new FrameParser({
      onDataFrame: () => undefined,
      onDataPart: () => undefined,
      onDataEnd: () => undefined,
      onFrame(type, flags, stream, bytes, start, end) {
        if (type === FrameType.SETTINGS && (flags & Flag.ACK) === 0) {
          for (let at = start; at < end; at += 6) {
            if (bytes.readUInt16BE(at) === Setting.HEADER_TABLE_SIZE) encoder.allow(bytes.readUInt32BE(at + 2))
          }
          socket.write(frame(FrameType.SETTINGS, Flag.ACK, 0))
        }
        if (type !== FrameType.HEADERS) return
        const block = Buffer.from(encoder.encode(...answer))
        const first = block.subarray(0, 16_384)
        const rest = block.subarray(16_384)
        const flag = rest.length === 0 ? Flag.END_HEADERS : 0
        socket.write(frame(FrameType.HEADERS, Flag.END_STREAM | flag, stream, first))
        if (rest.length > 0) socket.write(frame(FrameType.CONTINUATION, Flag.END_HEADERS, stream, rest))
      },
    })
    socket.write(frame(FrameType.SETTINGS, 0, 0))
    socket.on('data', (chunk: Buffer) => parser.push(chunk))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const client = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  t.teardown(() => client.destroy())
  return { client, answerWith: (...next: [number, readonly string[]]) => (answer = next) }
}

/** An answer's head, or trailers; names and values often are those of another one. */
function randomAnswer(random: Random, takes: (name: string) => boolean = () => true) {
  const fields: string[] = []
  for (let left = random.below(12); left > 0; left--) {
    const name = random.chance(0.9) ? random.pick([...NAMES, ...OWN_NAMES]) : `x-${random.below(1_000)}`
    if (takes(name)) fields.push(name, randomValue(random))
  }
  return { status: random.pick([0, 200, 204, 404, 418, 503, 599]), fields }
}

function randomValue(random: Random): string {
  if (random.chance(0.02)) return `long ${String(random.below(3)).repeat(random.pick([900, 1_100, 5_000, 20_000]))}`
  if (random.chance(0.5)) return `value ${random.below(5)}`
  return String.fromCharCode(...Array.from({ length: random.below(60) }, () => 0x21 + random.below(94)))
}

function asRead(status: number, fields: readonly string[]): HeaderField[] {
  const head: HeaderField[] = status === 0 ? [] : [[':status', String(status)]]
  return [...head, ...pairs(fields).map(([name, value]): HeaderField => [name.toLowerCase(), value])]
}

function pairs(flat: readonly string[]): HeaderField[] {
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i]!, flat[2 * i + 1]!])
}

/** An assertion for each of thousands would be most of a test's time. */
function same(t: Test, actual: unknown, expected: unknown): void {
  if (JSON.stringify(actual) !== JSON.stringify(expected)) t.same(actual, expected)
}
