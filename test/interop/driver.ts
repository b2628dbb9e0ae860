import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import type { Test } from 'tap'
import { streamToDuplex, type Stream } from '../../src/wire/index.js'
import { HANG_MS, within } from '../support/hang.js'
import type { SessionEnd } from '../support/wire-pair.js'
import { ByteReader } from './byte-reader.js'
import { bothWays } from './transfer.js'

const STREAMS = 100
const BULK = 64 * 1024 * 1024

/** Opens streams against a responder and asserts what dialogue.md says. Ends the session. */
export async function drive(t: Test, end: SessionEnd): Promise<void> {
  const checks: Record<string, (end: SessionEnd) => Promise<void>> = {
    ping,
    '100 streams echo': echoes,
    'half-close is kept': halfClose,
    '64 MiB each way': bulk,
    'our reset arrives': reset,
    'go away by the other side': goAway,
  }
  for (const [name, check] of Object.entries(checks)) {
    await t.resolves(within(name, check(end), 2 * HANG_MS), name)
  }
  t.equal(end.session.streamCount, 0, 'no stream is left')
  t.equal(end.session.stats().unconsumed, 0, 'no byte is left')
}

interface Opened {
  readonly stream: Stream
  readonly duplex: Duplex
  readonly from: ByteReader
}

/** Opens a stream and says what the responder shall do on it. */
function open({ session }: SessionEnd, command: string): Opened {
  const stream = session.open()
  const duplex = streamToDuplex(stream)
  duplex.write(`${command}\n`)
  return { stream, duplex, from: new ByteReader(duplex) }
}

function must(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise)
}

async function ping({ session }: SessionEnd): Promise<void> {
  for (let i = 0; i < 10; i++) must((await session.carriers[0]!.ping()) > 0, 'a round trip of 0 ms')
}

async function echoes(end: SessionEnd): Promise<void> {
  await Promise.all(
    Array.from({ length: STREAMS }, async (_, i) => {
      const { duplex, from } = open(end, 'echo')
      const said = Buffer.alloc(1000 * (i + 1), i)
      duplex.end(said)
      must((await from.all()).equals(said), `stream ${i} heard something else`)
    }),
  )
}

async function halfClose(end: SessionEnd): Promise<void> {
  const { duplex, from } = open(end, 'sum')
  const said = Buffer.alloc(500_000, 'half ')
  duplex.end(said)
  const answer = (await from.all()).toString()
  const digest = createHash('sha256').update(said).digest('hex')
  must(answer === `${said.length} ${digest}`, `the answer is ${answer}`)
}

async function bulk(end: SessionEnd): Promise<void> {
  const { duplex, from } = open(end, `both ${BULK}`)
  await bothWays(duplex, from, BULK)
  duplex.end()
  const answer = (await from.all()).toString()
  must(answer === 'ok', `the answer is ${answer}`)
}

async function reset(end: SessionEnd): Promise<void> {
  const { stream, from } = open(end, 'hold')
  must((await from.line()) === 'held', 'not held')
  stream.reset()
  for (let answer = ''; answer !== '1';) {
    const asking = open(end, 'resets')
    asking.duplex.end()
    answer = (await asking.from.all()).toString()
    must(answer === '0' || answer === '1', `${answer} resets`)
  }
}

/** The other side says go away: no new stream can be opened, the one at hand goes on. Must come last. */
async function goAway(end: SessionEnd): Promise<void> {
  const { duplex, from } = open(end, 'goaway')
  must((await from.line()) === 'gone', 'not gone')
  let opened = true
  try {
    end.session.open()
  } catch {
    opened = false
  }
  must(!opened, 'a stream was opened after go away')
  const said = Buffer.alloc(600_000, 'on')
  duplex.end(said)
  must((await from.all()).equals(said), 'the stream at hand was cut')
  if (!duplex.closed) await once(duplex, 'close')
}
