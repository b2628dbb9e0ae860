import { z } from 'zod'
import type { Exchange, Message } from '../../exchange.js'
import { decodeBody } from '../../files/body.js'
import { COPY_FORMS, copyOf } from '../../files/copy.js'
import { readHar } from '../../files/har-read.js'
import { harPieces } from '../../files/har-write.js'
import { recordingOf } from '../../files/recording.js'
import { diffAnswers } from '../../replay/diff.js'
import { testOf } from '../../search/filter.js'
import { search } from '../../search/search.js'
import { type Bytes, bytesEndpoint, type Context, type Endpoint, endpoint, known } from '../endpoint.js'
import { InspectError } from '../problems.js'
import {
  ExchangeDetail,
  ExchangeDiff,
  ExchangeFilter,
  exchangeId,
  ExchangePage,
  flag,
  HarFilter,
  MessagePage,
  ReplayRequest,
  ReplayResult,
  Revealed,
} from '../schemas.js'
import { detailOf, grpcMessageOf, messageOf, parseSecretPlace, summaryOf } from '../views.js'

const byId = z.strictObject({ id: exchangeId })
const part = z.enum(['request', 'response'])

/** How many of a file are taken at once. */
const MOST_IMPORTED = 10_000

const list = endpoint({
  method: 'GET',
  path: '/exchanges',
  summary: 'Requests and their answers, newest first',
  query: ExchangeFilter,
  response: ExchangePage,
  handle: async ({ query: { limit, before, ...filter } }, { book }) => {
    const { exchanges, more } = await search(book.newestFirst(before), testOf(filter), limit)
    return { exchanges: exchanges.map(summaryOf), next: more ? (exchanges.at(-1)?.id ?? null) : null }
  },
})

const clear = endpoint({
  method: 'DELETE',
  path: '/exchanges',
  summary: 'Forgets all of them',
  status: 204,
  handle: (_, { book }) => book.clear(),
})

const one = endpoint({
  method: 'GET',
  path: '/exchanges/{id}',
  summary: 'One of them, with its fields',
  params: byId,
  response: ExchangeDetail,
  errors: [404],
  handle: ({ params: { id } }, { book }) => detailOf(known(book, id)),
})

const body = bytesEndpoint({
  method: 'GET',
  path: '/exchanges/{id}/{part}/body',
  summary: 'A body, decoded where it can be',
  params: z.strictObject({ id: exchangeId, part }),
  query: z.strictObject({ raw: flag.default(false).meta({ description: 'As it was, with its content codings.' }) }),
  errors: [404],
  handle: ({ params, query: { raw } }, { book }) => bodyOf(known(book, params.id)[params.part], raw),
})

function bodyOf(message: Message | null, raw: boolean): Bytes {
  if (message === null) throw new InspectError(404, 'UR_INSPECT_NOT_FOUND', 'There is no answer yet.')
  const plain = { type: 'application/octet-stream', body: Buffer.concat(message.body) }
  if (raw) return plain
  const { bytes, text } = decodeBody(message)
  return text === null ? { ...plain, body: bytes } : { type: 'text/plain; charset=utf-8', body: text }
}

const messages = endpoint({
  method: 'GET',
  path: '/exchanges/{id}/messages',
  summary: 'WebSocket messages, server-sent events, gRPC messages in the order of their coming',
  params: byId,
  query: z.strictObject({
    after: z.coerce.number().int().min(-1).default(-1).meta({ description: '`next` of the page before.' }),
    limit: z.coerce.number().int().min(1).max(1_000).default(100),
  }),
  response: MessagePage,
  errors: [404],
  handle: async ({ params: { id }, query: { after, limit } }, { book, grpc }) => {
    const exchange = known(book, id)
    const { timeline, messages: total } = exchange
    const first = timeline.findIndex(({ number }) => number > after)
    const page = first < 0 ? [] : timeline.slice(first, first + limit)
    const next = first >= 0 && first + limit < timeline.length ? (page.at(-1)?.number ?? null) : null
    const described = page.map(async (entry) =>
      entry.kind === 'grpc' ? grpcMessageOf(entry, await grpc.describe(exchange, entry)) : messageOf(entry),
    )
    return { messages: await Promise.all(described), total, next }
  },
})

const copy = bytesEndpoint({
  method: 'GET',
  path: '/exchanges/{id}/copy',
  summary: 'A command or code that sends the request',
  params: byId,
  query: z.strictObject({ as: z.enum(COPY_FORMS) }),
  errors: [404],
  handle: ({ params: { id }, query: { as } }, { book }) => ({
    type: 'text/plain; charset=utf-8',
    body: copyOf(recordingOf(known(book, id)), as),
  }),
})

const diff = endpoint({
  method: 'GET',
  path: '/exchanges/{id}/diff/{other}',
  summary: 'How the answer of the other one differs',
  params: z.strictObject({ id: exchangeId, other: exchangeId }),
  response: ExchangeDiff,
  errors: [404],
  handle: ({ params: { id, other } }, { book }) => diffAnswers(known(book, id), known(book, other)),
})

const replay = endpoint({
  method: 'POST',
  path: '/exchanges/{id}/replay',
  summary: 'Sends the request once more, as it was or edited',
  params: byId,
  body: ReplayRequest,
  response: ReplayResult,
  errors: [404, 409, 502, 504],
  handle: async ({ params: { id }, body: edits }, { book, replayer }) => {
    const before = known(book, id)
    const { exchange, omitted } = await replayer.replay(before, edits)
    return { exchange: summaryOf(exchange), diff: diffAnswers(before, exchange), omitted }
  },
})

const reveal = endpoint({
  method: 'POST',
  path: '/reveal',
  summary: 'One value that is redacted, if values are kept',
  body: z.strictObject({ secret: z.string().max(100) }),
  response: Revealed,
  errors: [403, 404],
  handle: ({ body: { secret } }, context) => ({ value: revealed(secret, context) }),
})

function revealed(text: string, { book, status }: Context): string {
  if (!status().capture.canReveal) {
    throw new InspectError(
      403,
      'UR_INSPECT_REVEAL',
      'Redacted values are not kept. What to do: start the agent with --inspect-reveal.',
    )
  }
  const place = parseSecretPlace(text)
  const message = place === null ? null : known(book, place.id)[place.part]
  const value = message === null ? null : [...message.fields, ...message.trailers][place!.number]?.secret
  if (value === null || value === undefined) {
    throw new InspectError(
      404,
      'UR_INSPECT_NOT_FOUND',
      'There is no value with that name. What to do: take it from a field.',
    )
  }
  return value
}

const harOut = bytesEndpoint({
  method: 'GET',
  path: '/exchanges.har',
  summary: 'Requests and their answers as a HAR 1.2 file, oldest first',
  query: HarFilter,
  errors: [404],
  handle: async ({ query: { id: ids, ...filter } }, { book }) => {
    const chosen =
      ids === undefined ? (await search(book.newestFirst(), testOf(filter), Infinity)).exchanges : byIds(book, ids)
    const sorted = [...chosen].sort((a, b) => (a.id < b.id ? -1 : 1))
    const pieces = harPieces(lazily(sorted))
    return { type: 'application/json', body: pieces, download: 'uniroute.har' }
  },
})

function* lazily(exchanges: readonly Exchange[]) {
  for (const each of exchanges) yield recordingOf(each)
}

/** Throws InspectError 404 UR_INSPECT_NOT_FOUND. */
export function byIds(book: Context['book'], ids: readonly string[]): Exchange[] {
  return ids.map((id) => known(book, id))
}

const harIn = endpoint({
  method: 'POST',
  path: '/exchanges.har',
  summary: 'Takes the requests of a HAR file among the others; secrets in it are redacted',
  body: z.string().meta({ description: 'HAR 1.2' }),
  status: 201,
  response: z.object({ imported: z.number().int() }),
  handle: ({ body: text }, { recorder }) => {
    const recordings = readHar(text, 'the file').slice(-MOST_IMPORTED)
    for (const recording of recordings) recorder.imported(recording)
    return { imported: recordings.length }
  },
})

export const EXCHANGES: readonly Endpoint[] = [
  list,
  clear,
  one,
  body,
  messages,
  copy,
  diff,
  replay,
  reveal,
  harOut,
  harIn,
]
