import t from 'tap'
import { INITIAL_WINDOW } from '../../src/wire/index.js'
import { ACK, DATA, FIN, frame, PING, RST, SYN, WINDOW_UPDATE } from '../support/raw-peer.js'
import { SimPair } from '../support/simulation/pair.js'

const OFFSET = 18
const offset = (at: number, flags = 0, id = 1): Buffer => frame(OFFSET, flags, id, at)
const data = (bytes: string | Buffer, flags = 0, id = 1): Buffer => frame(DATA, flags, id, Buffer.from(bytes))

/** A server's session with two carriers, a peer that says on each what a test likes, and what stream 1 is told. */
function hostile(striping = true) {
  const pair = new SimPair({ striping })
  const told: string[] = []
  const say = (carrier: number, ...frames: Buffer[]): void =>
    pair.turns.run(() => {
      pair.links[carrier]!.server.emit('data', Buffer.concat(frames))
      while (pair.turns.turn());
      if (!pair.server.ending) return
      pair.turns.advance(2_000) // for the go away to leave
      for (const { server } of pair.links) if (server.closing) server.tellClose()
    })
  pair.turns.run(() => {
    pair.add(false)
    pair.add(false)
  })
  say(0, frame(WINDOW_UPDATE, SYN, 1, 0))
  pair.server.stream(1)!.attach({
    onData: (slice) => told.push(slice.toString()),
    onEnd: () => told.push('the end'),
    onWritable() {},
    onClose: (error) => told.push(String((error as { code?: string } | null)?.code)),
  })
  return { pair, told, say }
}

t.test('what a peer may not say of offsets ends the session, with a code', async (t) => {
  const cases: Record<string, Record<string, Buffer[]>> = {
    UR_WIRE_OFFSET: {
      'bytes that have come and wait': [offset(5), data('abc'), offset(6), data('d')],
      'a ping behind an offset': [offset(0), frame(PING, SYN, 0, 1)],
      'credit behind an offset': [offset(0), frame(WINDOW_UPDATE, 0, 1, 9)],
      'an offset behind an offset': [offset(0), offset(0), data('a')],
      'data of another stream behind an offset': [offset(0), data('a', SYN, 3)],
      'FIN on data with an offset': [offset(0), data('a', FIN)],
      'FIN without an offset, of a striped stream': [offset(1), data('b'), frame(WINDOW_UPDATE, FIN, 1, 0)],
      'no offset any more': [offset(0), data('ab'), offset(2), data('c'), data('d')],
    },
    UR_WIRE_WINDOW_EXCEEDED: {
      'beyond the window': [offset(INITIAL_WINDOW), data('a')],
      'bytes that were given on': [data('abc'), offset(0), data('abc')],
      'beyond 2^53': [offset((2 ** 53 - 1) % 2 ** 32), data('a')],
      'an end beyond the window': [offset(INITIAL_WINDOW + 1, FIN)],
      'an end before what was given on': [data('abc'), offset(2, FIN)],
      'an end before what waits': [offset(5), data('abc'), offset(6, FIN)],
      'an end within a frame that has begun': [offset(0), frame(DATA, 0, 1, 100), offset(50, FIN)],
      'two ends': [offset(5, FIN), offset(6, FIN)],
      'data beyond the end': [offset(5, FIN), offset(4), data('ab')],
    },
  }
  for (const [code, hows] of Object.entries(cases)) {
    for (const [what, frames] of Object.entries(hows)) {
      const { pair, told, say } = hostile()
      // What is said on a carrier within a frame of another has to come on that other.
      const within = frames.findIndex((bytes) => bytes.length === 12 && bytes[1] === DATA && bytes.readUInt32BE(8) > 0)
      if (within < 0) say(0, ...frames)
      else {
        say(0, ...frames.slice(0, within + 1))
        say(1, ...frames.slice(within + 1))
      }
      t.same([pair.closes, told.at(-1)], [[`server ${code}`], code], what)
    }
  }
  const { pair, say } = hostile(false)
  say(0, offset(0), data('a'))
  t.same(pair.closes, ['server UR_WIRE_TYPE'], 'before it was agreed')
})

t.test('what may cross a reset or an end is dropped', async (t) => {
  const { pair, told, say } = hostile()
  say(0, offset(0, 0, 9), data('never heard of', 0, 9), offset(9, FIN, 9))
  say(0, offset(0, ACK | RST), data('a'))
  say(1, offset(3, FIN), offset(3, FIN))
  say(0, offset(1), data('bc'), offset(3, FIN))
  t.same([told, pair.closes], [['a', 'bc', 'the end'], []], 'flags of an OFFSET but FIN mean nothing')
  say(1, offset(0), data('d'))
  t.same([told.at(-1), pair.closes], ['UR_WIRE_AFTER_FIN', []], 'data behind the end resets the stream alone')
  say(1, offset(7), data('e'))
  t.same(pair.closes, [])
})

t.test('the end that came on another carrier is told behind the last byte of a frame that has begun', async (t) => {
  const { pair, told, say } = hostile()
  say(0, frame(DATA, 0, 1, 6), Buffer.from('abc'))
  say(1, frame(WINDOW_UPDATE, FIN, 1, 0))
  t.same(told, ['abc'])
  say(0, Buffer.from('def'))
  t.same([told, pair.closes], [['abc', 'def', 'the end'], []])
})

t.test('data without an offset comes on one carrier after the other', async (t) => {
  const { pair, told, say } = hostile(false)
  say(0, data('a'))
  say(1, data('b'))
  say(0, frame(DATA, 0, 1, 6), Buffer.from('abc'))
  say(1, data('x'))
  t.same([told, pair.closes], [['a', 'b', 'abc', 'UR_WIRE_OFFSET'], ['server UR_WIRE_OFFSET']])
})
