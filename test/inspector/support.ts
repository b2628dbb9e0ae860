import { ExchangeBook } from '../../src/inspector/book.js'
import type { Exchange } from '../../src/inspector/exchange.js'
import type { ConnectionReader, Direction, ExchangeSink } from '../../src/inspector/reader.js'
import { beginExchange, type RecordContext } from '../../src/inspector/record/writer.js'
import { Redactor } from '../../src/inspector/redact/index.js'

/** An exchange as the inspector keeps it: GET / answered 200, without bodies, unless told otherwise. */
export function exchange(id: string, parts: Partial<Exchange> = {}): Exchange {
  return {
    id,
    kind: 'http',
    state: 'done',
    tunnel: 'web',
    visitor: '198.51.100.7',
    startedAt: Number.parseInt(id.slice(0, 11), 16),
    method: 'GET',
    target: '/',
    targetSecret: null,
    host: 'shop.example.com',
    protocol: 'HTTP/1.1',
    requestId: '',
    request: {
      fields: [],
      trailers: [],
      fieldsCost: 0,
      body: [],
      bytes: 0,
      codings: [],
      truncated: false,
      redacted: false,
      problem: null,
    },
    response: null,
    requestDoneMs: 1,
    answeredMs: 2,
    doneMs: 3,
    timeline: [],
    messages: 0,
    problem: null,
    byVisitor: true,
    replayOf: null,
    ...parts,
  }
}

/** What passed on a connection: `>` to the upstream, `<` to the visitor; `>|` and `<|` its end in that direction. */
export type Step =
  readonly [direction: '>' | '<', bytes: Buffer | string] | readonly [end: '>|' | '<|', bytes?: undefined]

export interface PlayOptions {
  readonly limitBytes?: number
  readonly bodyLimit?: number
  readonly headers?: readonly string[]
  readonly jsonPaths?: readonly string[]
  readonly reveal?: boolean
  readonly context?: Pick<RecordContext, 'inflation'>
  /** How the bytes of each step are cut. Default: not at all. */
  cut?(bytes: Buffer): readonly Buffer[]
  /** How the connection ends; undefined: it does not. Default: in good order. */
  readonly close?: string | null | undefined
}

/** What a reader asked for and made. */
export interface Played {
  readonly book: ExchangeBook
  /** The oldest first. */
  readonly exchanges: readonly Exchange[]
  readonly skips: readonly { direction: Direction; bytes: number }[]
  readonly reader: ConnectionReader
}

/** Feeds a reader with a conversation; each piece takes a millisecond. */
export function play(
  make: (sink: ExchangeSink) => ConnectionReader,
  steps: readonly Step[],
  options: PlayOptions = {},
): Played {
  const {
    limitBytes = 64 * 1024 * 1024,
    bodyLimit = 1024 * 1024,
    headers = [],
    jsonPaths = [],
    reveal = false,
  } = options
  const book = new ExchangeBook(limitBytes)
  const redactor = new Redactor({ headers, jsonPaths, reveal })
  const skips: { direction: Direction; bytes: number }[] = []
  const origin = { tunnel: 'web', visitor: '198.51.100.7', epochMs: 1_764_379_200_000 }
  const reader = make({
    begin: (head) => beginExchange({ book, redactor, bodyLimit, ...options.context }, origin, head),
    skip: (direction, bytes) => skips.push({ direction, bytes }),
  })
  let now = 0
  for (const step of steps) {
    if (step[1] === undefined) reader.end(step[0] === '>|' ? 'to-upstream' : 'to-visitor', ++now)
    else {
      const bytes = typeof step[1] === 'string' ? Buffer.from(step[1], 'latin1') : step[1]
      for (const piece of options.cut?.(bytes) ?? [bytes]) {
        // Of its own and overwritten at once: nothing may be kept by reference.
        const lent = Buffer.from(piece)
        if (step[0] === '>') reader.toUpstream(lent, ++now)
        else reader.toVisitor(lent, ++now)
        lent.fill(0)
      }
    }
  }
  if (!('close' in options)) reader.close(null, ++now)
  else if (options.close !== undefined) reader.close(options.close, ++now)
  return { book, exchanges: [...book.newestFirst()].reverse(), skips, reader }
}

/** What does not depend on when bytes came and how they were cut. */
export function essence(one: Exchange): unknown {
  const { method, target, host, kind, state, request, response, timeline, messages, problem } = one
  return {
    line: `${method} ${target} ${host} ${kind} ${state}`,
    request: part(request),
    response: response === null ? null : { status: response.status, reason: response.reason, ...part(response) },
    timeline: timeline.map(({ direction, kind: of, label, payload, bytes, truncated, problem: why }) => ({
      what: `${direction} ${of} ${label} ${payload.toString('latin1')}`,
      bytes,
      truncated,
      why,
    })),
    messages,
    problem,
  }
}

function part({ fields, trailers, body, bytes, codings, truncated, redacted, problem }: Exchange['request']) {
  return {
    fields: fields.map(({ name, value }) => `${name}: ${value}`),
    trailers: trailers.map(({ name, value }) => `${name}: ${value}`),
    body: Buffer.concat(body).toString('latin1'),
    bytes,
    codings,
    truncated,
    redacted,
    problem,
  }
}

/** All ways to cut bytes in two, and the one into single bytes. */
export function* everyCut(longest: number): Generator<(bytes: Buffer) => readonly Buffer[]> {
  yield (bytes) => [...bytes].map((byte) => Buffer.from([byte]))
  for (let at = 1; at < longest; at++) yield (bytes) => [bytes.subarray(0, at), bytes.subarray(at)]
}
