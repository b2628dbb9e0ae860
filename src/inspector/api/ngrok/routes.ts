import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { checkedInput, wrongText } from '../../../admin/route.js'
import { CertificateError, ConfigError, NetworkError, UniRouteError } from '../../../core/errors.js'
import type { TunnelInspection } from '../../contract.js'
import { testOf } from '../../search/filter.js'
import { search } from '../../search/search.js'
import type { TunnelDefinition } from '../../tunnel-control.js'
import { type Context, known } from '../endpoint.js'
import { API_HEADERS } from '../headers.js'
import { InspectError, ofFramework, statusOf as httpStatusOf } from '../problems.js'
import { endpointOf, requestOf, statusOf, tunnelOf } from './shapes.js'
import { fromEndpoint, fromTunnel } from './tunnels.js'

interface Named {
  Params: { name: string }
}

/** ngrok's own numbers: those that clients look at. */
const CODES = { other: 100, invalid: 102, failed: 103, notReady: 104 } as const
/** By which ngrok's clients know that they should try again. */
const NOT_READY = 'a successful ngrok tunnel session has not yet been established'

const RequestsQuery = z.object({
  limit: z.coerce.number().int().min(1).max(1_000).default(50),
  tunnel_name: z.string().optional(),
})
const Replay = z.object({ id: z.string(), tunnel_name: z.string().optional() })
const Definition = z.record(z.string(), z.unknown())

/** The API of ngrok's agent, for scripts that were written for it. */
export function addNgrokRoutes(app: FastifyInstance, options: Context): void {
  void app.register((scope, _options, done) => {
    scope.setErrorHandler((error, _request, reply) => refuse(reply, error, options))
    addStatus(scope, options)
    addTunnels(scope, options)
    addEndpoints(scope, options)
    addRequests(scope, options)
    done()
  })
}

function addStatus(app: FastifyInstance, { status }: Context): void {
  const root = {
    uri: '/api/',
    status_uri: '/api/status',
    tunnels_uri: '/api/tunnels',
    endpoints_uri: '/api/endpoints',
    requests_uri: '/api/requests/http',
  }
  app.get('/api/', () => root)
  app.get('/api', () => root)
  app.get('/api/status', () => statusOf(status()))
}

function addTunnels(app: FastifyInstance, options: Context): void {
  app.get('/api/tunnels', () => ({ tunnels: running(options).map(tunnelOf), uri: '/api/tunnels' }))
  app.get<Named>('/api/tunnels/:name', ({ params }) => tunnelOf(find(options, params.name)))
  app.post('/api/tunnels', async (request, reply) => {
    const tunnel = await start(options, fromTunnel(checked(Definition, request.body)))
    return reply.code(201).send(tunnelOf(tunnel))
  })
  app.delete<Named>('/api/tunnels/:name', (request, reply) => stop(options, request, reply))
}

function addEndpoints(app: FastifyInstance, options: Context): void {
  app.get('/api/endpoints', () => ({ endpoints: running(options).map(endpointOf), uri: '/api/endpoints' }))
  app.get<Named>('/api/endpoints/:name', ({ params }) => endpointOf(find(options, params.name)))
  app.post('/api/endpoints', async (request, reply) => {
    const tunnel = await start(options, fromEndpoint(checked(Definition, request.body)))
    return reply.code(201).send(endpointOf(tunnel))
  })
  app.put<Named>('/api/endpoints/:name', async ({ params: { name }, body }, reply) => {
    const definition = fromEndpoint({ ...checked(Definition, body), name })
    const replaced = options.status().tunnels.some((tunnel) => tunnel.name === name)
    const tunnel = await start(options, definition, true)
    return reply.code(replaced ? 200 : 201).send(endpointOf(tunnel))
  })
  app.delete<Named>('/api/endpoints/:name', (request, reply) => stop(options, request, reply))
}

function addRequests(app: FastifyInstance, { book, replayer }: Context): void {
  const uri = '/api/requests/http'
  app.get(uri, async ({ query }) => {
    const { limit, tunnel_name: tunnel } = checked(RequestsQuery, query)
    const test = testOf(tunnel === undefined || tunnel === '' ? {} : { tunnel })
    const { exchanges } = await search(book.newestFirst(), test, limit)
    return { uri, requests: exchanges.map(requestOf) }
  })
  app.get<{ Params: { id: string } }>(`${uri}/:id`, ({ params }) => requestOf(known(book, params.id)))
  app.post(uri, async ({ body }, reply) => {
    const { id, tunnel_name: tunnel } = checked(Replay, body)
    await replayer.replay(known(book, id), tunnel === undefined || tunnel === '' ? {} : { tunnel })
    return reply.code(204).send()
  })
  app.delete(uri, (_request, reply) => {
    book.clear()
    return reply.code(204).send()
  })
}

/** Those that have an address. */
function running({ status }: Context): TunnelInspection[] {
  return status().tunnels.filter(({ publicUrl }) => publicUrl !== null)
}

function find(options: Context, name: string): TunnelInspection {
  const found = running(options).find((tunnel) => tunnel.name === name)
  if (found !== undefined) return found
  throw new InspectError(404, 'UR_INSPECT_NOT_FOUND', `There is no tunnel "${name}" that has an address.`)
}

async function start(options: Context, definition: TunnelDefinition, replaces = false): Promise<TunnelInspection> {
  await options.control.start(definition, replaces)
  return find(options, definition.name)
}

async function stop(options: Context, { params: { name } }: FastifyRequest<Named>, reply: FastifyReply) {
  if (await options.control.stop(name)) return reply.code(204).send()
  throw new InspectError(404, 'UR_INSPECT_NOT_FOUND', `There is no tunnel "${name}".`)
}

/** Throws ConfigError UR_INSPECT_FIELD. */
function checked<S extends z.ZodType>(schema: S, given: unknown): z.output<S> {
  const input = checkedInput(schema, given)
  if ('value' in input) return input.value
  throw new ConfigError('UR_INSPECT_FIELD', wrongText(input.wrong))
}

/** Answers as ngrok does: a number, a status, what was tried, and why it failed. */
async function refuse(reply: FastifyReply, thrown: unknown, { log }: Context): Promise<void> {
  const error = ofFramework(thrown)
  if (!(error instanceof UniRouteError)) log.error({ code: 'UR_INTERNAL', error }, 'a request to the inspector failed')
  const { code, status, msg, err } = explained(error)
  await reply.code(status).headers(API_HEADERS).send({ error_code: code, status_code: status, msg, details: { err } })
}

function explained(error: unknown): { code: number; status: number; msg: string; err: string } {
  if (!(error instanceof UniRouteError)) {
    return { code: CODES.other, status: 500, msg: 'internal error', err: 'something failed inside the agent' }
  }
  const err = `${error.message} (${error.code})`
  if (error instanceof InspectError) return { code: CODES.other, status: error.status, msg: error.message, err }
  if (error instanceof ConfigError || error instanceof CertificateError) {
    const msg = error.code === 'UR_INSPECT_FIELD' ? 'invalid request' : 'invalid tunnel configuration'
    return { code: CODES.invalid, status: 400, msg, err }
  }
  if (error instanceof NetworkError) {
    const err = error.code === 'UR_SERVER_AWAY' ? NOT_READY : `${error.message} (${error.code})`
    return { code: CODES.notReady, status: 503, msg: 'ngrok is not yet ready to start tunnels', err }
  }
  const status = Math.max(httpStatusOf(error), 502)
  return { code: CODES.failed, status, msg: 'failed to start tunnel', err }
}
