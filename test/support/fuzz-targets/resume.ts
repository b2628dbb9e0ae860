import { UniRouteError } from '../../../src/core/errors.js'
import { FrameParser, Session, WindowBudget } from '../../../src/wire/index.js'
import { mustEqual, type FuzzTarget } from '../fuzz.js'
import type { Random } from '../random.js'
import { DATA, FIN, frame, GO_AWAY, SYN, WINDOW_UPDATE } from '../raw-peer.js'
import { Link } from '../simulation/link.js'
import { Turns } from '../simulation/turns.js'
import { FRAMES_CORPUS, randomFrames } from './frames.js'
import { OFFSET } from './offset-model.js'
import { follow } from './session.js'

const LOST = 16
const REPLAY = 17
const MAX_STREAMS = 4
const WINDOW = 256 * 1024
const EDGES = [0, 1, 11, 12, 13, 24, 0x7fff_ffff, 0x8000_0000, 0xffff_fff4, 0xffff_ffff]

/**
 * An input is a row of pieces: one byte that says what is done and on which carrier, two bytes of length, and bytes that
 * come on it. Bits 0 and 1: the carrier; bit 2: it is cut behind them; bit 3: one more carrier comes before.
 */
function piece(what: number, bytes: Buffer): Buffer {
  const head = Buffer.from([what, bytes.length >> 8, bytes.length])
  return Buffer.concat([head, bytes])
}

const CUT = 4
const MORE = 8
const lost = (carrier: number, offset: number): Buffer => frame(LOST, 0, carrier, offset)
const replay = (carrier: number, bytes: Buffer, flags = 0): Buffer =>
  Buffer.concat([frame(REPLAY, flags, carrier, bytes.length), bytes])
const [life] = FRAMES_CORPUS as [Buffer]

export const RESUME_CORPUS: readonly Buffer[] = [
  Buffer.concat([
    piece(0 | CUT, life.subarray(0, 30)),
    piece(1, Buffer.concat([lost(1, 0), replay(1, life.subarray(30)), replay(1, Buffer.alloc(0), FIN)])),
  ]),
  Buffer.concat([piece(1, lost(1, 12)), piece(1, replay(1, life, FIN)), piece(1, lost(1, 12))]),
  Buffer.concat([
    piece(0 | CUT, life),
    piece(1 | CUT, lost(1, 0)),
    piece(2, Buffer.concat([lost(2, 0), replay(2, replay(1, life.subarray(0, 5)), FIN)])),
  ]),
  Buffer.concat([piece(0, lost(2, 24)), piece(0, replay(2, replay(2, life))), piece(MORE | 3, life)]),
]

/** A live resumable session against a peer that says anything of carriers that were lost, or were not. */
export const resumeTarget: FuzzTarget = {
  name: 'LOST and REPLAY',
  corpus: RESUME_CORPUS,
  generate: randomPieces,
  mustReach: ['open', 'held', 'made good', 'UR_WIRE_REPLAY', 'UR_WIRE_OFFSET', 'UR_WIRE_STREAM_ID'],
  run(input, random) {
    const role = random.pick(['client', 'server'] as const)
    const turns = new Turns()
    return turns.run(() => hostile(turns, role, 1 + random.below(3), input))
  },
}

/** A stream in pieces of which each says where it belongs, in any order, and maybe its end. */
function stripedFrames(random: Random): Buffer {
  const id = 1 + 2 * random.below(3)
  const pieces: Buffer[] = []
  let offset = 0
  for (let left = 1 + random.below(8); left > 0; left--) {
    const bytes = random.bytes(random.below(300))
    pieces.push(Buffer.concat([frame(OFFSET, 0, id, offset), frame(DATA, 0, id, bytes)]))
    offset += bytes.length
  }
  if (random.chance(0.5)) pieces.push(frame(OFFSET, FIN, id, offset))
  const frames = [frame(WINDOW_UPDATE, SYN, id, 0)]
  while (pieces.length > 0) frames.push(...pieces.splice(random.below(pieces.length), 1))
  return Buffer.concat(frames)
}

const anyFrames = (random: Random): Buffer => random.pick([randomFrames, stripedFrames])(random)

/** Whatever rest of a carrier's bytes comes by way of others, nested or not, its streams are told the same. */
export const replayTarget: FuzzTarget = {
  name: 'bytes that come again',
  corpus: FRAMES_CORPUS,
  generate: anyFrames,
  mustReach: ['whole', 'violation', 'out of order'],
  run(input, random) {
    if (ofCarriers(input)) return 'not tried'
    const live = (cuts: number[]): ReturnType<typeof honest> => {
      const turns = new Turns()
      return turns.run(() => honest(turns, input, cuts, random))
    }
    const straight = live([input.length])
    const cuts = [random.below(input.length + 1), input.length, input.length].slice(0, 2 + random.below(2))
    if (cuts.length === 3) cuts[1] = cuts[0]! + random.below(input.length - cuts[0]! + 1)
    const again = live(cuts)
    mustEqual(again.told, straight.told, 'it depends on the carriers by which it came')
    return straight.outcome
  },
}

function randomPieces(random: Random): Buffer {
  const pieces: Buffer[] = []
  for (let left = 1 + random.below(10); left > 0; left--) {
    const what = random.below(4) | (random.chance(0.25) ? CUT : 0) | (random.chance(0.1) ? MORE : 0)
    pieces.push(piece(what, randomExchange(random, 0)))
  }
  return Buffer.concat(pieces)
}

/** Frames of a session and of its recovery. */
function randomExchange(random: Random, depth: number): Buffer {
  const frames: Buffer[] = []
  for (let left = 1 + random.below(3); left > 0; left--) {
    const number = random.chance(0.05) ? random.u32() : random.below(6)
    const dice = random.below(10)
    if (dice < 4) frames.push(lost(number, random.pick([12, 24, 12 * random.below(10), random.pick(EDGES)])))
    else if (dice < 7) {
      const inner = depth < 3 ? randomExchange(random, depth + 1) : anyFrames(random)
      const cut = random.chance(0.2) ? inner.subarray(0, random.below(inner.length)) : inner
      frames.push(replay(number, cut, random.pick([0, 0, FIN, FIN, 1, 0xffff])))
      if (random.chance(0.05)) frames.push(frame(REPLAY, 0, number, 0xffff_ffff))
    } else {
      const others = anyFrames(random)
      if (!ofCarriers(others) || random.chance(0.1)) frames.push(others)
    }
  }
  return Buffer.concat(frames).subarray(0, 0xffff)
}

function hostile(turns: Turns, role: 'client' | 'server', carriers: number, input: Buffer): string {
  let closes = 0
  let closedWith: Error | null = null
  const budgets = { resendBudget: new WindowBudget(100_000), windowBudget: new WindowBudget(1024 * 1024) }
  const streams: string[][] = []
  const session = new Session(
    role,
    { ...budgets, resumable: true, striping: true, maxStreams: MAX_STREAMS, clock: turns, controlRate: 50 },
    {
      onStream: (stream) => streams.push(follow(stream)),
      onClose(error) {
        closes++
        closedWith = error
      },
    },
  )
  const links: Link[] = []
  const add = (): void => {
    if (session.closed || session.ending) return
    if (!session.recovery.mayAdd(session.nextCarrierNumber)) return
    const link = new Link(session.nextCarrierNumber, false)
    links.push(link)
    session.addCarrier(link.server.socket, undefined, link.number)
  }
  for (let i = 0; i < carriers; i++) add()
  const own = session.open()
  streams.push(follow(own))
  own.write(Buffer.from('question'))
  let fed = 0
  for (let at = 0; at + 3 <= input.length;) {
    const what = input[at]!
    const end = Math.min(input.length, at + 3 + input.readUInt16BE(at + 1))
    const bytes = input.subarray(at + 3, end)
    at = end
    fed += bytes.length
    if (what & MORE) add()
    const link = links[(what & 3) % links.length]!
    if (bytes.length > 0 && link.server.reads) link.server.emit('data', Buffer.from(bytes))
    if (what & CUT) link.server.fail()
    for (const { server } of links) {
      if (server.sendable > 0) server.send(Infinity)
      if (server.closing) server.tellClose()
    }
    turns.turn()
    checkBounds(session, fed)
  }
  if (session.ending) close(links)
  const outcome = outcomeOf(session, closedWith)
  session.destroy(new Error('the test is over'))
  close(links)
  mustEqual([closes, session.closed], [1, true], 'onClose')
  const { streams: left, unconsumed, kept } = session.stats()
  mustEqual(
    [left, unconsumed, kept, budgets.resendBudget.used, budgets.windowBudget.used],
    [0, 0, 0, 0, 0],
    'left behind',
  )
  for (const told of streams) {
    if (told.filter((event) => event.startsWith('close')).length !== 1) throw new Error(`told ${told.join(', ')}`)
  }
  return outcome
}

function checkBounds(session: Session, fed: number): void {
  const { streams, unconsumed, kept, lostCarriers, pending, sentAgain } = session.stats()
  if (streams > MAX_STREAMS || unconsumed > MAX_STREAMS * WINDOW || lostCarriers > 64)
    throw new Error('a bound was passed')
  if (kept + pending + sentAgain > 200 * fed + 10_000)
    throw new Error(`${kept} + ${pending} + ${sentAgain} bytes of ${fed}`)
}

function outcomeOf(session: Session, closedWith: Error | null): string {
  if (closedWith instanceof UniRouteError) return closedWith.code
  // After the peer's last word a connection may fail as it likes.
  if (closedWith !== null && !session.leaving) throw closedWith
  if (session.closed) return 'closed'
  if (session.held) return 'held'
  const { carriersLost, lostCarriers } = session.stats()
  return carriersLost > lostCarriers ? 'made good' : 'open'
}

/** Whether it says something of carriers: of a lost one there is nothing to retire, or to lose. */
function ofCarriers(input: Buffer): boolean {
  let found = false
  const onHeader = (type: number): void => void (found ||= type >= GO_AWAY && type !== OFFSET)
  try {
    new FrameParser({ onHeader, onPayload() {}, onPayloadEnd() {} }, { resumable: true, striping: true }).push(input)
  } catch {
    // It is tried up to there.
  }
  return found
}

/** Feeds frames: up to the first cut on carrier 1, then on as what carrier 1, and then 2, should have brought. */
function honest(
  turns: Turns,
  input: Buffer,
  cuts: readonly number[],
  random: Random,
): { told: string[][]; outcome: string } {
  const told: string[][] = []
  const options = { resumable: true, striping: true, maxStreams: MAX_STREAMS, clock: turns, controlRate: 1e6 }
  const session = new Session('server', options, { onStream: (stream) => told.push(follow(stream)), onClose: () => {} })
  const links = [1, 2, 3].map((number) => new Link(number, false))
  const carriers = links.map((link) => session.addCarrier(link.server.socket, undefined, link.number))
  const feed = (link: Link, bytes: Buffer): void => {
    for (let at = 0; at < bytes.length && link.server.reads;) {
      const end = at + 1 + random.below(random.pick([1, 20, 2_000]))
      link.server.emit('data', Buffer.from(bytes.subarray(at, end)))
      at = end
      while (turns.turn());
      reordered ||= session.stats().reordering > 0
    }
  }
  let reordered = false
  const [one, two, three] = links as [Link, Link, Link]
  feed(one, input.subarray(0, cuts[0]))
  const alive = (): boolean => !session.ending
  /** Carrier `number` is gone, and the peer has all that it sent. */
  const lose = (number: number, over: Link): void => {
    const { server } = links[number - 1]!
    server.fail()
    server.tellClose()
    feed(over, lost(number, carriers[number - 1]!.egress.written % 2 ** 32))
  }
  if (cuts.length > 1 && alive()) {
    lose(1, three)
    const second = replay(1, input.subarray(cuts[0], cuts[1]))
    if (cuts.length === 2) feed(two, second)
    else {
      const all = Buffer.concat([second, replay(1, input.subarray(cuts[1]))])
      const at = random.below(all.length + 1)
      feed(two, all.subarray(0, at))
      if (alive()) {
        lose(2, three)
        feed(three, replay(2, all.subarray(at)))
      }
    }
  }
  const outcome = session.ending ? 'violation' : reordered ? 'out of order' : 'whole'
  session.destroy(new Error('the test is over'))
  close(links)
  return { told, outcome }
}

function close(links: readonly Link[]): void {
  for (const { server } of links) {
    server.destroy()
    if (server.closing) server.tellClose()
  }
}
