import t from 'tap'
import { constants, createDeflateRaw, deflateRawSync, type DeflateRaw } from 'node:zlib'
import { Http1Reader } from '../../../src/inspector/http1/reader.js'
import { InflationBudget } from '../../../src/inspector/record/inflation-budget.js'
import { essence, everyCut, play, type PlayOptions, type Step } from '../support.js'
import { frame, UPGRADE, upgraded } from './frame.js'

function begin(extensions = ''): Step[] {
  return [
    ['>', UPGRADE],
    ['<', upgraded(extensions)],
  ]
}

const read = (steps: readonly Step[], options: PlayOptions = {}) =>
  play((sink) => new Http1Reader(sink), steps, options)

function lines(steps: readonly Step[], options: PlayOptions = {}): string[] {
  const [one] = read(steps, options).exchanges
  return one!.timeline.map(
    ({ direction, kind, label, payload }) => `${direction} ${kind} ${label} ${payload.toString('latin1')}`,
  )
}

t.test('messages, fragments and control frames, however the bytes are cut', async (t) => {
  const long = 'x y '.repeat(100)
  const steps: Step[] = [
    ...begin(),
    ['>', frame(0x81, 'hello', true)],
    ['<', frame(0x82, Buffer.from([0, 1, 2]))],
    ['<', Buffer.concat([frame(0x01, 'par'), frame(0x89, 'are you there?'), frame(0x00, 't'), frame(0x80, 's')])],
    ['>', frame(0x8a, 'are you there?', true)],
    ['>', frame(0x81, long, true)],
    ['<', frame(0x81, '')],
    ['>', frame(0x88, Buffer.concat([Buffer.from([0x0f, 0xa0]), Buffer.from('bye')]), true)],
    ['<', frame(0x88, Buffer.from([0x0f, 0xa0]))],
  ]
  const told = [
    'to-upstream text  hello',
    'to-visitor binary  \x00\x01\x02',
    'to-visitor ping  are you there?',
    'to-visitor text  parts',
    'to-upstream pong  are you there?',
    `to-upstream text  ${long}`,
    'to-visitor text  ',
    'to-upstream close 4000 bye',
    'to-visitor close 4000 ',
  ]
  t.same(lines(steps), told)
  const [one] = read(steps).exchanges
  t.match(one, { kind: 'websocket', state: 'done', messages: 9, problem: null, response: { status: 101 } })
  t.match(read(steps, { close: 'reset' }).exchanges[0], { state: 'done' }, 'whoever said goodbye may reset')
  t.match(read(steps.slice(0, 4), { close: 'reset' }).exchanges[0], { state: 'cut', problem: 'reset' })
  const expected = JSON.stringify(essence(one!))
  let wrong = 0
  for (const cut of everyCut(420)) if (JSON.stringify(essence(read(steps, { cut }).exchanges[0]!)) !== expected) wrong++
  t.equal(wrong, 0)
})

/** Messages compressed as one stream. */
async function compressed(stream: DeflateRaw, text: string): Promise<Buffer> {
  const parts: Buffer[] = []
  const take = (part: Buffer) => parts.push(part)
  stream.on('data', take)
  await new Promise<void>((resolve, reject) => {
    stream.once('error', reject)
    stream.write(text)
    stream.flush(constants.Z_SYNC_FLUSH, () => resolve())
  })
  stream.off('data', take)
  return Buffer.concat(parts).subarray(0, -4)
}

t.test('compressed messages, with and without what came before', async (t) => {
  const texts = [
    'hello, hello, hello',
    'hello, hello, hello',
    `{"token":"x","note":"${'hello '.repeat(20_000)}"}`,
    'hello, hello, hello',
  ]
  const shown = texts.map((text) =>
    `to-visitor text  ${text.replace('"x"', '"[redacted]"').slice(0, 65_000)}`.slice(0, 60),
  )
  const stream = createDeflateRaw()
  const taken: Buffer[] = []
  for (const text of texts) taken.push(await compressed(stream, text))
  t.ok(taken[1]!.length < taken[0]!.length, 'the second refers to the first')
  const over = begin('Sec-WebSocket-Extensions: permessage-deflate\r\n')
  const together = taken.map((payload): Step => ['<', frame(0xc1, payload)])
  t.same(
    lines([...over, ...together]).map((line) => line.slice(0, 60)),
    shown,
  )
  const anew = begin('Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n')
  const alone = texts.map((text): Step => [
    '<',
    frame(0xc1, deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)),
  ])
  t.same(
    lines([...anew, ...alone]).map((line) => line.slice(0, 60)),
    shown,
  )
  const parts: Step[] = [
    ['<', frame(0x41, taken[0]!.subarray(0, 5))],
    ['<', frame(0x80, taken[0]!.subarray(5))],
  ]
  t.same(lines([...over, ...parts]), ['to-visitor text  hello, hello, hello'])

  const bomb = deflateRawSync(Buffer.alloc(9_000_000), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
  const after = (steps: readonly Step[]) => read(steps).exchanges[0]!.timeline.map(({ problem }) => problem)
  const wrong = 'it could not be decompressed'
  t.same(after([...over, ['<', frame(0xc1, bomb)], together[1]!]), [wrong, wrong], 'what refers to it is lost with it')
  t.same(after([...anew, ['<', frame(0xc1, bomb)], alone[1]!]), [wrong, null])
  t.same(after([...over, ['<', frame(0xc1, 'nonsense')]]), [wrong])
})

t.test('what is no WebSocket is told, and counted from then on', async (t) => {
  const rows: readonly [what: string, bytes: Buffer][] = [
    ['bits that were not agreed on', frame(0xa1, 'x')],
    ['compressed without agreement', frame(0xc1, 'x')],
    ['an unknown kind', frame(0x83, 'x')],
    ['a fragment of nothing', frame(0x80, 'x')],
    ['a message in a message', Buffer.concat([frame(0x01, 'x'), frame(0x81, 'y')])],
    ['a ping in parts', frame(0x09, 'x')],
    ['a long ping', frame(0x89, 'x'.repeat(126))],
    ['a length that cannot be', Buffer.from([0x82, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])],
  ]
  for (const [what, bytes] of rows) {
    const { exchanges, skips } = read([...begin(), ['<', bytes], ['<', 'more'], ['>', frame(0x81, 'fine', true)]])
    t.match(
      exchanges[0],
      { state: 'done', problem: /from then on/, messages: 1, response: { bytes: bytes.length + 4 } },
      what,
    )
    t.same(skips, [{ direction: 'to-visitor', bytes: Infinity }], what)
  }
})

t.test('of large messages the beginning is kept, of many the first', async (t) => {
  const head = Buffer.from([0x82, 127, 0, 0, 0, 0, 0, 0x0f, 0x42, 0x40])
  const { exchanges, skips, reader } = read([...begin(), ['<', head], ['<', Buffer.alloc(70_000)]], {
    close: undefined,
  })
  t.same(skips, [{ direction: 'to-visitor', bytes: 930_000 }])
  reader.missed('to-visitor', 930_000, 10)
  t.match(exchanges[0]!.timeline, [{ bytes: 1_000_000, truncated: true }])
  t.equal(exchanges[0]!.timeline[0]!.payload.length, 65_536)
  const many = Array.from({ length: 1_200 }, (): Step => ['<', frame(0x81, 'x')])
  t.match(read([...begin(), ...many]).exchanges[0], { messages: 1_200, timeline: { length: 1_000 } })
  const most = Array.from({ length: 50 }, (): Step => ['<', frame(0x81, 'x '.repeat(1_000))])
  const [bounded] = read([...begin(), ...most], { bodyLimit: 10_000 }).exchanges
  t.ok(bounded!.timeline.length <= 6, `${bounded!.timeline.length} of them`)
  reader.missed('to-visitor', 5, 11)
  t.match(exchanges[0], { problem: /bytes were missed/ })
})

t.test('what is decompressed is bounded, and nothing is once the timeline is full', async (t) => {
  const anew = begin('Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n')
  const large = deflateRawSync(Buffer.alloc(7_000_000, 'large '), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(
    0,
    -4,
  )
  const many = Array.from({ length: 8 }, (): Step => ['<', frame(0xc1, large)])
  const context = { inflation: new InflationBudget() }
  const [one] = read([...anew, ...many], { context, bodyLimit: 8_000_000 }).exchanges
  t.same(
    one!.timeline.map(({ problem }) => problem),
    [null, null, null, null, ...Array.from({ length: 4 }, () => 'too much was to be decompressed at once')],
  )

  const spent: number[] = []
  const budget = new InflationBudget(Infinity)
  budget.spend = (bytes) => spent.push(bytes)
  const small = deflateRawSync(Buffer.alloc(10_000, 'large '), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
  const full = Array.from({ length: 10 }, (): Step => ['<', frame(0xc1, small)])
  const [counted] = read([...anew, ...full], { context: { inflation: budget }, bodyLimit: 25_000 }).exchanges
  t.match(counted, { messages: 10, timeline: { length: 3 } })
  t.equal(spent.length, 3, `decompressed ${spent.length} times`)
})
