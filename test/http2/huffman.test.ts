import { once } from 'node:events'
import http2 from 'node:http2'
import { Duplex } from 'node:stream'
import t from 'tap'
import { FrameType, HpackDecoder } from '../../src/http2/index.js'
import { FrameParser } from '../../src/proxy/http/http2/frame-parser.js'
import { within } from '../support/hang.js'
import { Random } from '../support/random.js'

/** Whatever may stand in a field value (RFC 9110 §5.5). */
const OCTETS = Array.from({ length: 256 }, (_, octet) => octet).filter(
  (octet) => octet === 0x09 || (octet >= 0x20 && octet !== 0x7f),
)
/** Letters of five bits: beside them Huffman is shorter, whatever stands in their middle. */
const CHEAP = 'aeiocst'.repeat(3)

t.test('we read every octet of a field value as nghttp2 has written it', async (t) => {
  const values = OCTETS.map((octet) => CHEAP + String.fromCharCode(octet) + CHEAP)
  t.same(await throughNghttp2(values), values)
})

t.test('and strings of any octets and length', async (t) => {
  const random = new Random(1)
  for (let i = 0; i < 20; i++) {
    const values = Array.from({ length: 50 }, () => {
      const some = Array.from({ length: random.below(8) }, () => String.fromCharCode(random.pick(OCTETS)))
      return CHEAP + some.join(CHEAP) + CHEAP.slice(0, 1 + random.below(20))
    })
    t.same(await throughNghttp2(values), values)
  }
})

/** What we read of values that nghttp2 has written, as Huffman code. */
async function throughNghttp2(values: readonly string[]): Promise<unknown> {
  const block = await written(Object.fromEntries(values.map((value, i) => [`x-${i}`, value])))
  if (values.some((value) => block.includes(value, 0, 'latin1'))) throw new Error('it was not worth Huffman code')
  const fields = new Map(new HpackDecoder().decode(block, 0, block.length, Infinity))
  return values.map((_, i) => fields.get(`x-${i}`))
}

/** The field block in which nghttp2 writes a request with these fields. */
async function written(fields: http2.OutgoingHttpHeaders): Promise<Buffer> {
  const blocks: Buffer[] = []
  const parser = new FrameParser({
    onDataFrame: () => undefined,
    onDataPart: () => undefined,
    onDataEnd: () => undefined,
    onFrame(type, _flags, _stream, bytes, start, end) {
      if (type === FrameType.HEADERS) blocks.push(Buffer.from(bytes.subarray(start, end)))
      wire.emit('frame')
    },
  })
  const wire: Duplex = new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _encoding, done) {
      parser.push(chunk)
      done()
    },
  })
  const client = http2.connect('http://x', { createConnection: () => wire })
  client.on('error', () => undefined)
  client.request(fields).on('error', () => undefined)
  while (blocks.length === 0) await within('the request', once(wire, 'frame'))
  client.destroy()
  return blocks[0]!
}
