import { once } from 'node:events'
import t from 'tap'
import { FrameParser, Session, streamToDuplex, WireViolation } from '../../src/wire/index.js'
import { writeHeader } from '../../src/wire/frame.js'
import { socketPair } from '../support/wire-pair.js'

/** Parses the chunks and writes down what came, payload pieces joined, so that the cut does not show. */
function parse(chunks: Buffer[]): string[] {
  const seen: string[] = []
  let payload: Buffer[] = []
  const parser = new FrameParser({
    onHeader: (type, flags, id, length) => seen.push(`${type} ${flags} ${id} ${length}`),
    onPayload: (slice) => payload.push(slice),
    onPayloadEnd: () => {
      seen.push(Buffer.concat(payload).toString('hex'))
      payload = []
    },
  })
  for (const chunk of chunks) parser.push(chunk)
  return seen
}

/** What an agent writes in a real session with three streams, half-closes, a ping and a go away. */
async function recordSession(): Promise<Buffer> {
  const [agentSocket, serverSocket] = await socketPair()
  const recorded: Buffer[] = []
  serverSocket.on('data', (chunk: Buffer) => recorded.push(chunk)).resume()
  const session = new Session('client', {}, { onStream() {}, onClose() {} })
  session.addCarrier(agentSocket)
  for (const size of [1, 700, 5_000]) {
    const stream = streamToDuplex(session.open())
    stream.on('error', () => {})
    stream.write(Buffer.alloc(size, size))
    stream.end(Buffer.from('the end'))
  }
  const ended = once(serverSocket, 'end')
  session.close()
  await ended
  return Buffer.concat(recorded)
}

t.test('a recorded session gives the same frames wherever it is cut', async (t) => {
  const bytes = await recordSession()
  const whole = parse([bytes])
  t.ok(whole.length > 12, `the recording has ${whole.length} events`)
  t.same(parse(Array.from(bytes, (_, i) => bytes.subarray(i, i + 1))), whole, 'byte by byte')
  let different = 0
  for (let cut = 1; cut < bytes.length; cut++) {
    if (parse([bytes.subarray(0, cut), bytes.subarray(cut)]).join() !== whole.join()) different++
  }
  t.equal(different, 0, `cut at each of ${bytes.length} bytes`)
})

t.test('payload pieces are views of the chunk, and a whole chunk is handed on as it is', async (t) => {
  const header = Buffer.alloc(12)
  writeHeader(header, 0, 0, 0, 1, 10)
  const slices: Buffer[] = []
  const parser = new FrameParser({ onHeader() {}, onPayload: (slice) => slices.push(slice), onPayloadEnd() {} })
  const first = Buffer.concat([header, Buffer.from('abcd')])
  const second = Buffer.from('efghij')
  parser.push(first)
  parser.push(second)
  t.equal(slices[0]!.buffer, first.buffer)
  t.equal(slices[1], second)
})

t.test('a wrong version and an unknown type are violations', async (t) => {
  const sink = { onHeader() {}, onPayload() {}, onPayloadEnd() {} }
  const header = Buffer.alloc(12)
  header[0] = 0x16
  t.throws(() => new FrameParser(sink).push(header), { code: 'UR_WIRE_VERSION', goAway: 1 })
  header[0] = 0
  header[1] = 4
  t.throws(() => new FrameParser(sink).push(header), { code: 'UR_WIRE_TYPE' })
  t.throws(() => new FrameParser(sink).push(header), WireViolation)
})

t.test('nothing is told after stop, not even the rest of the chunk', async (t) => {
  const frames = Buffer.alloc(24)
  writeHeader(frames, 0, 2, 1, 0, 1)
  writeHeader(frames, 12, 2, 1, 0, 2)
  const ids: number[] = []
  const parser: FrameParser = new FrameParser({
    onHeader: (_type, _flags, _id, length) => {
      ids.push(length)
      parser.stop()
    },
    onPayload() {},
    onPayloadEnd() {},
  })
  parser.push(frames)
  parser.push(frames)
  t.same(ids, [1])
})
