import { crc32 } from 'node:zlib'
import { UniRouteError } from '../../../src/core/errors.js'
import { FrameParser, Session, WindowBudget, type Stream } from '../../../src/wire/index.js'
import { mustEqual, type FuzzTarget } from '../fuzz.js'
import { Random } from '../random.js'
import { DATA, FIN, frame, PING, RST, SYN, WINDOW_UPDATE } from '../raw-peer.js'
import { Link } from '../simulation/link.js'
import { Turns } from '../simulation/turns.js'
import { OFFSET, OffsetModel, type ModelStream } from './offset-model.js'

/*
 * An input is a row of steps of eight bytes: what | stream | flags | where | distance u16 | length u16.
 * `what`: bits 0 and 1 the carrier, 2 to 4 the step (`STEPS`), 5 to 7 how much of that carrier's bytes comes then (`FEEDS`).
 */
const STEP = 8
const MOST_STEPS = 100
const CARRIERS = 3
/** Two that the peer has opened, one of ours, one that it may open, two that it may not. */
const IDS = [1, 1, 1, 1, 3, 2, 5, 9, 4, 0]
const FLAGS = [0, 0, 0, 0, FIN, SYN, RST, SYN | FIN, FIN | RST, 0xff]
/** What comes of what was sent on a carrier: all, nothing yet, or so many bytes. */
const FEEDS = [Infinity, Infinity, Infinity, 0, 1, 12, 13, 100]
const EDGES = [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 2 ** 53 % 2 ** 32, (2 ** 53 - 1) % 2 ** 32]
const NOISE = new Random(3).bytes(0x10000)

/** Where an offset is put, seen from what the model has of the stream. */
const PLACES: readonly ((stream: ModelStream, distance: number, length: number) => number)[] = [
  function behindAll({ sent }) {
    return sent
  },
  function intoTheGap({ delivered }) {
    return delivered
  },
  function farAhead({ top }, distance) {
    return top + distance
  },
  function before({ delivered }, distance) {
    return delivered - 1 - (distance % 100)
  },
  function overlapping({ top }, distance) {
    return top - 1 - (distance % 100)
  },
  function ontoWhatWaits({ waiting, top }, distance) {
    return (waiting[0]?.from ?? top) + (distance % 3) - 1
  },
  function upToTheWindow({ limit }, distance, length) {
    return limit - length + (distance % 3) - 1
  },
  function anywhere(_, distance) {
    return EDGES[distance % EDGES.length]!
  },
]

/** One side of a session over several carriers, and the model that says what it should have. */
class Life {
  readonly model = new OffsetModel()
  /** What the model says of the session's end. */
  breach: string | null = null
  readonly #session: Session
  readonly #links: { link: Link; parser: FrameParser; unfed: Buffer[] }[] = []
  readonly #streams: { stream: Stream; told: Told }[] = []
  readonly #budget = new WindowBudget(0)
  #closedWith: Error | null | undefined = undefined
  /** Something waited out of order. */
  #reordered = false

  constructor(
    readonly turns: Turns,
    striping: boolean,
  ) {
    const options = { resumable: true, striping, clock: turns, controlRate: 1e6, windowBudget: this.#budget }
    this.#session = new Session('server', options, {
      onStream: (stream) => this.#streams.push({ stream, told: new Told(stream) }),
      onClose: (error) => (this.#closedWith = error),
    })
    for (let number = 1; number <= CARRIERS; number++) this.#addCarrier(number, striping)
    for (const id of [1, 3]) this.send(0, frame(WINDOW_UPDATE, SYN, id, 0))
    this.feed(0, Infinity)
    const own = this.#session.open()
    this.#streams.push({ stream: own, told: new Told(own) })
    this.model.open(own.id, true)
    own.write(Buffer.from('question'))
    this.#flow()
  }

  #addCarrier(number: number, striping: boolean): void {
    const link = new Link(number, false)
    const parser = new FrameParser(this.model.carrier(), { resumable: true, striping })
    this.#links.push({ link, parser, unfed: [] })
    const answers = new FrameParser({
      onHeader: (type, _flags, id, delta) => this.#onAnswer(type, id, delta),
      onPayload() {},
      onPayloadEnd() {},
    })
    link.client.on('data', (bytes: Buffer) => answers.push(bytes))
    link.client.resume()
    this.#session.addCarrier(link.server.socket, undefined, number)
  }

  #onAnswer(type: number, id: number, delta: number): void {
    const stream = type === WINDOW_UPDATE ? this.model.stream(id) : null
    if (stream !== null) stream.limit += delta
  }

  /** The peer sends this; it comes when it is fed. */
  send(carrier: number, bytes: Buffer): void {
    this.#links[carrier]!.unfed.push(bytes)
  }

  /** Up to `most` bytes come, of all that was sent on a carrier. */
  feed(carrier: number, most: number): void {
    const side = this.#links[carrier]!
    const all = Buffer.concat(side.unfed)
    const bytes = all.subarray(0, most)
    side.unfed = [all.subarray(bytes.length)]
    if (bytes.length === 0 || this.breach !== null) return
    try {
      side.parser.push(bytes)
    } catch (error) {
      if (!(error instanceof UniRouteError)) throw error
      this.breach = error.code
    }
    side.link.server.emit('data', Buffer.from(bytes))
    this.#flow()
    this.#check()
  }

  feedAll(): void {
    for (let carrier = 0; carrier < CARRIERS; carrier++) this.feed(carrier, Infinity)
  }

  /** The owner of a stream consumes what it has, ends it, or gives it up. */
  own(id: number, what: number): void {
    const model = this.model.stream(id)
    const index = this.model.opened.indexOf(model!)
    if (model === null) return
    const { stream, told } = this.#streams[index]!
    if (what % 4 === 0) {
      stream.end()
      model.ourEnd = true
      if (model.ended) model.close('null')
    } else if (what % 4 === 1) {
      stream.reset()
      model.close('null')
    } else {
      stream.consumed(told.bytes - model.consumed)
      model.consumed = told.bytes
    }
    this.#flow()
    this.#check()
  }

  /** What became of it, in a word. */
  over(): string {
    const outcome = this.breach ?? this.#outcome()
    this.#session.destroy(new Error('the test is over'))
    for (const { link } of this.#links) {
      link.server.destroy()
      if (link.server.closing) link.server.tellClose()
    }
    const { streams, unconsumed, reordering } = this.#session.stats()
    mustEqual([streams, unconsumed, reordering, this.#budget.used], [0, 0, 0, 0], 'left behind')
    if (this.breach !== null) mustEqual(named(this.#closedWith), this.breach, 'closed with')
    for (const { told } of this.#streams) mustEqual(told.closes, 1, 'closes')
    return outcome
  }

  #outcome(): string {
    if (this.model.opened.some(({ closed }) => closed === 'UR_WIRE_AFTER_FIN')) return 'reset after its end'
    if (this.model.opened.some(({ striped, ended }) => striped && ended)) return 'whole'
    if (this.model.opened.some(({ waiting }) => waiting.length > 0)) return 'waiting'
    return this.#reordered ? 'reordered' : 'open'
  }

  /** What is to be done in this turn and the next ones; what we say comes to the peer. */
  #flow(): void {
    for (let moved = true; moved;) {
      moved = this.turns.turn()
      for (const { link } of this.#links) {
        if (link.server.sendable > 0) link.server.send(Infinity)
        for (; link.client.receivable; moved = true) link.client.receive(Infinity)
      }
    }
  }

  #check(): void {
    mustEqual(this.#session.ending, this.breach !== null, `the session ends (by the model: ${this.breach})`)
    if (this.breach !== null) return
    const { opened } = this.model
    mustEqual(this.#streams.length, opened.length, 'streams')
    let waiting = 0
    let unconsumed = 0
    for (const [i, { told }] of this.#streams.entries()) {
      const { id, delivered, crc, ended, closed, announced, consumed, waitingBytes } = opened[i]!
      mustEqual(
        [told.bytes, told.crc, told.ended, told.closed],
        [delivered, crc, ended, closed],
        `bytes, checksum, end and close of stream ${id}`,
      )
      if (closed !== null) continue
      waiting += waitingBytes
      unconsumed += announced - consumed
    }
    if (waiting > 0) this.#reordered = true
    const stats = this.#session.stats()
    mustEqual([stats.reordering, stats.unconsumed], [waiting, unconsumed], 'bytes out of order, and not consumed')
  }
}

/** What the owner of a stream was told. */
class Told {
  bytes = 0
  crc = 0
  ended = false
  closed: string | null = null
  closes = 0

  constructor(stream: Stream) {
    stream.attach({
      onData: (slice) => {
        this.bytes += slice.length
        this.crc = crc32(slice, this.crc)
      },
      onEnd: () => (this.ended = true),
      onWritable() {},
      onClose: (error) => {
        this.closes++
        this.closed = named(error)
      },
    })
  }
}

/** Something that was sent, or done by the owner of a stream. */
type Step = (life: Life, carrier: number, id: number, flags: number, where: Where) => void

interface Where {
  readonly place: number
  readonly distance: number
  readonly length: number
}

const low = (offset: number): number => ((offset % 2 ** 32) + 2 ** 32) % 2 ** 32

function offsetOf(life: Life, id: number, { place, distance, length }: Where): number {
  const stream = life.model.stream(id)
  if (stream === null) return distance
  const offset = PLACES[place % PLACES.length]!(stream, distance, length)
  if (offset === stream.sent) stream.sent += length
  return low(offset)
}

const noise = ({ distance, length }: Where): Buffer => NOISE.subarray(distance % 1000, (distance % 1000) + length)

const STEPS: readonly Step[] = [striped, striped, plain, end, update, loose, own, odd]

function striped(life: Life, carrier: number, id: number, flags: number, where: Where): void {
  life.send(carrier, frame(OFFSET, 0, id, offsetOf(life, id, where)))
  life.send(carrier, frame(DATA, flags, id, noise(where)))
}

function plain(life: Life, carrier: number, id: number, flags: number, where: Where): void {
  const stream = life.model.stream(id)
  if (stream !== null) stream.sent += where.length
  life.send(carrier, frame(DATA, flags, id, noise(where)))
}

function end(life: Life, carrier: number, id: number, _flags: number, where: Where): void {
  life.send(carrier, frame(OFFSET, FIN, id, offsetOf(life, id, { ...where, length: 0 })))
}

function update(life: Life, carrier: number, id: number, flags: number, { length }: Where): void {
  life.send(carrier, frame(WINDOW_UPDATE, flags, id, length))
}

/** An OFFSET that stands in front of nothing, or of whatever comes next; with any flags. */
function loose(life: Life, carrier: number, id: number, flags: number, where: Where): void {
  life.send(carrier, frame(OFFSET, flags, id, offsetOf(life, id, where)))
}

function own(life: Life, _carrier: number, id: number, flags: number): void {
  life.own(id, flags)
}

/** What has nothing to do with it, or is nothing. */
function odd(life: Life, carrier: number, id: number, _flags: number, { place, length }: Where): void {
  const bytes = [frame(PING, SYN, 0, length), frame(OFFSET + 1, 0, id, 0), NOISE.subarray(0, length % 12)]
  life.send(carrier, bytes[place % bytes.length]!)
}

/** Frames of a striped stream, in any order and with any fault, against a model of what the page says. */
export const offsetTarget: FuzzTarget = {
  name: 'OFFSET',
  corpus: Array.from({ length: 12 }, (_, seed) => randomSteps(new Random(seed))),
  generate: randomSteps,
  mustReach: [
    'open',
    'waiting',
    'reordered',
    'whole',
    'reset after its end',
    'UR_WIRE_OFFSET',
    'UR_WIRE_WINDOW_EXCEEDED',
    'UR_WIRE_STREAM_ID',
    'UR_WIRE_TYPE',
    'UR_WIRE_VERSION',
  ],
  run(input, random) {
    const turns = new Turns()
    return turns.run(() => {
      const life = new Life(turns, !random.chance(0.05))
      const most = Math.min(input.length - STEP, STEP * MOST_STEPS)
      for (let at = 0; at <= most && life.breach === null; at += STEP) takeStep(life, input.subarray(at, at + STEP))
      life.feedAll()
      return life.over()
    })
  },
}

function takeStep(life: Life, step: Buffer): void {
  const [what, stream, flags, place] = step as unknown as [number, number, number, number]
  const carrier = (what & 3) % CARRIERS
  const where = { place, distance: step.readUInt16BE(4), length: step.readUInt16BE(6) }
  STEPS[(what >> 2) & 7]!(life, carrier, IDS[stream % IDS.length]!, FLAGS[flags % FLAGS.length]!, where)
  life.feed(carrier, FEEDS[what >> 5]!)
}

/** Mostly what an honest sender does, and in most inputs a few faults. */
function randomSteps(random: Random): Buffer {
  const faults = random.pick([0, 0.02, 0.05, 0.3])
  const bytes: Buffer[] = []
  const longest = random.pick([3, 300, 300, 5_000, 5_000, 0xffff])
  for (let left = 1 + random.below(30); left > 0; left--) {
    const faulty = random.chance(faults)
    const kind = faulty ? random.below(8) : random.pick([0, 0, 0, 0, 1, 6])
    const what = random.below(4) | (kind << 2) | (random.below(8) << 5)
    const flags = faulty ? random.below(256) : kind === 6 ? 2 : 0
    const stream = random.chance(faults / 4) ? random.below(256) : random.below(5)
    const place = faulty ? random.below(256) : 0
    bytes.push(Buffer.from([what, stream, flags, place, random.below(256), random.below(256)]))
    bytes.push(Buffer.from([0, 0]))
    bytes.at(-1)!.writeUInt16BE(random.below(longest + 1))
  }
  if (random.chance(0.5)) bytes.push(Buffer.from([random.below(3) | (3 << 2), 0, 0, 0, 0, 0, 0, 0]))
  return Buffer.concat(bytes)
}

function named(error: Error | null | undefined): string {
  if (error === null || error === undefined) return String(error)
  return error instanceof UniRouteError ? error.code : error.message
}
