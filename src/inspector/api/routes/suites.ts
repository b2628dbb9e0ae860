import { z } from 'zod'
import { harPieces } from '../../files/har-write.js'
import { recordingOf } from '../../files/recording.js'
import { bytesEndpoint, type Endpoint, endpoint } from '../endpoint.js'
import { exchangeId, SuiteList, SuiteRun, SuiteRunRequest } from '../schemas.js'
import { byIds } from './exchanges.js'

const byName = z.strictObject({ name: z.string() })

const list = endpoint({
  method: 'GET',
  path: '/suites',
  summary: 'Suites: saved requests with their answers',
  response: SuiteList,
  handle: async (_, { suites }) => ({ suites: await suites.list() }),
})

const save = endpoint({
  method: 'PUT',
  path: '/suites/{name}',
  summary: 'Saves these requests with their answers, instead of what had that name',
  params: byName,
  body: z.strictObject({ exchanges: z.array(exchangeId).min(1).max(1_000) }),
  status: 204,
  errors: [404],
  handle: async ({ params: { name }, body: { exchanges } }, { suites, book }) => {
    await suites.save(name, byIds(book, exchanges).map(recordingOf))
  },
})

const file = bytesEndpoint({
  method: 'GET',
  path: '/suites/{name}',
  summary: 'The suite as a HAR file, for `uniroute replay`',
  params: byName,
  errors: [404],
  handle: async ({ params: { name } }, { suites }) => {
    const body = harPieces(await suites.read(name))
    return { type: 'application/json', body, download: `${name}.har` }
  },
})

const remove = endpoint({
  method: 'DELETE',
  path: '/suites/{name}',
  summary: 'Deletes it',
  params: byName,
  status: 204,
  errors: [404],
  handle: ({ params: { name } }, { suites }) => suites.delete(name),
})

const run = endpoint({
  method: 'POST',
  path: '/suites/{name}/run',
  summary: 'Sends each request once more, and compares the answers',
  params: byName,
  body: SuiteRunRequest,
  response: SuiteRun,
  errors: [404],
  handle: async (
    { params: { name }, body: { ignoredFields = [], ignoredPointers = [], ...to } },
    { suites, replayer },
  ) => replayer.run(name, await suites.read(name), to, { ignoredFields, ignoredPointers }),
})

export const SUITES: readonly Endpoint[] = [list, save, file, remove, run]
