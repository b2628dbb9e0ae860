import type { IncomingMessage } from 'node:http'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { type z } from 'zod'
import type { KeyVault } from '../certs/index.js'
import type { AllowedHosts } from '../core/browser-guard.js'
import type { Logger } from '../core/logger.js'
import type { ReserveSettings } from '../names/index.js'
import type { AuditRecord, Store } from '../store/index.js'
import { DESCRIPTION } from './description.js'
import type { Context, Endpoint } from './endpoint.js'
import type { EventHub } from './event-hub.js'
import { EventStream } from './event-stream.js'
import type { AdminGate, AdminIdentity } from './gate.js'
import { guard } from './guard.js'
import type { LiveState } from './live.js'
import { openApi } from './openapi.js'
import { AdminError, type Answer, answerTo, DEFECT } from './problems.js'
import { checkedInput, fastifyPath, methodsAt, wrongText } from './route.js'
import { LIVE } from './routes/live.js'
import { RECORDS } from './routes/records.js'
import type { Health } from './schemas.js'
import { StoreOperations } from './store-operations.js'

/** Bytes of the body of a request. */
const BODY_BYTES = 64 * 1024
/** Readers of events at once. */
const READERS = 32
/** Sessions and tunnels in the event `state`; whoever needs more reads the lists. */
const STATE_ITEMS = 1_000

/** What a command on this machine is, that came through the socket in the data folder. */
const LOCAL: AdminIdentity = { id: 'cli', scope: 'write' }

export interface AdminAppOptions {
  readonly store: Store
  readonly gate: AdminGate
  readonly live: LiveState
  readonly hub: EventHub
  health(): Health
  allowedHosts(): AllowedHosts
  /** How names are reserved. */
  names(): ReserveSettings
  /** What the keys in the database are encrypted with. */
  vault(): Promise<KeyVault>
  /** Whether a request came through the socket in the data folder. */
  isLocal(request: IncomingMessage): boolean
  onAudit(record: AuditRecord): void
  readonly log: Logger
}

/** What answers requests, whichever listener they came by. */
export type AdminApp = FastifyInstance

/** Everything that the API offers. */
export const ENDPOINTS: readonly Endpoint[] = [...LIVE, ...RECORDS]

/** The API, without a listener. */
export async function adminApp(options: AdminAppOptions): Promise<AdminApp> {
  const app = fastify({
    bodyLimit: BODY_BYTES,
    // a long id is one that is not there, for those who may ask
    routerOptions: { maxParamLength: 8_192 },
    frameworkErrors: (_error, request, reply) => {
      const error = new AdminError(400, 'UR_ADMIN_REQUEST', 'The path is not valid. What to do: correct its %XX.')
      void refuse(reply, error, request, options)
    },
  })
  app.setErrorHandler((error, request, reply) => refuse(reply, error, request, options))
  app.setNotFoundHandler((request) => {
    throw notFound(request.method, request.url)
  })
  app.addHook('onRequest', (request, _reply, done) => {
    if (!options.isLocal(request.raw)) guard(request.method, request.headers, options.allowedHosts())
    done()
  })
  const description = openApi(ENDPOINTS, DESCRIPTION)
  app.get('/openapi.json', () => description)
  const readers = new Readers()
  for (const each of ENDPOINTS) {
    app.route({
      method: each.method,
      // a HEAD of events would be a reader that never gets any
      exposeHeadRoute: each.response !== 'events',
      url: fastifyPath(each),
      handler: (request, reply) => serve(each, request, reply, options, readers),
    })
  }
  await app.ready()
  return app
}

async function serve(
  endpoint: Endpoint,
  request: FastifyRequest,
  reply: FastifyReply,
  options: AdminAppOptions,
  readers: Readers,
): Promise<unknown> {
  const identity = await identityOf(request, options)
  if (endpoint.scope === 'write' && identity.scope !== 'write') {
    throw new AdminError(
      403,
      'UR_ADMIN_SCOPE',
      'This token may only read. What to do: use one that was made with `uniroutd admin-token create NAME --scope write`.',
    )
  }
  const params = endpoint.params.safeParse(request.params)
  if (!params.success) throw notFound(request.method, null)
  const query = checked(endpoint.query, request.query)
  const body = endpoint.body === null ? {} : checked(endpoint.body, request.body ?? {})
  if (endpoint.response === 'events') return void sendEvents(request, reply, options, readers)
  const address = request.raw.socket.remoteAddress
  const actor = { id: identity.id, ...(address === undefined ? {} : { address }) }
  const { store, live, onAudit } = options
  const context: Context = {
    identity,
    operations: new StoreOperations(store, actor, options.names(), () => options.vault(), onAudit),
    live,
    health: () => options.health(),
  }
  const result = await endpoint.handle({ params: params.data, query, body }, context)
  void reply.code(endpoint.status).header('cache-control', 'no-store')
  return endpoint.response === null ? reply.send() : result
}

function identityOf({ raw, headers }: FastifyRequest, { isLocal, gate }: AdminAppOptions): Promise<AdminIdentity> {
  if (isLocal(raw)) return Promise.resolve(LOCAL)
  return gate.check(headers.authorization, raw.socket.remoteAddress ?? '')
}

/** Throws AdminError 422 UR_ADMIN_FIELD, which names the fields. */
function checked<S extends z.ZodType>(schema: S, given: unknown): z.output<S> {
  const input = checkedInput(schema, given)
  if ('value' in input) return input.value
  throw new AdminError(422, 'UR_ADMIN_FIELD', wrongText(input.wrong), { fields: [...input.wrong] })
}

function sendEvents(request: FastifyRequest, reply: FastifyReply, options: AdminAppOptions, readers: Readers): void {
  const { hub, live } = options
  readers.enter()
  reply.hijack()
  const page = { limit: STATE_ITEMS }
  const last = request.headers['last-event-id']
  new EventStream(
    reply.raw,
    {
      hub,
      state: () => ({ ...live.totals(), sessions: live.sessions(page).items, tunnels: live.tunnels(page).items }),
      check: () => identityOf(request, options),
      onClose: () => readers.leave(),
    },
    typeof last === 'string' ? last : undefined,
  )
}

/** Counts readers of events. */
class Readers {
  #count = 0

  /** Throws AdminError 503 UR_ADMIN_BUSY. */
  enter(): void {
    if (this.#count >= READERS) {
      const message = `${READERS} readers of events are connected, and there may be no more. What to do: try again later.`
      throw new AdminError(503, 'UR_ADMIN_BUSY', message, { retryAfterMs: 10_000 })
    }
    this.#count++
  }

  leave(): void {
    this.#count--
  }
}

/** Answers an error. What is not one of ours is told as a defect, and stands in the log. */
async function refuse(
  reply: FastifyReply,
  error: unknown,
  request: FastifyRequest,
  { log }: AdminAppOptions,
): Promise<void> {
  let found: Answer | null = answerTo(ofFramework(error))
  if (found === null) {
    log.error(
      { code: 'UR_INTERNAL', error, method: request.method, path: request.routeOptions.url },
      'a request to the admin API failed',
    )
    found = DEFECT
  }
  const { status, problem, retryAfter } = found
  if (retryAfter !== undefined) void reply.header('retry-after', retryAfter)
  if (status === 401) void reply.header('www-authenticate', 'Bearer realm="uniroute admin"')
  const allow = status === 405 ? methodsAt(ENDPOINTS, request.url) : []
  if (allow.length > 0) void reply.header('allow', allow.join(', '))
  await reply
    .code(status)
    .header('cache-control', 'no-store')
    .type('application/problem+json')
    .send(JSON.stringify(problem))
}

/** What fastify itself refuses, as our error. */
function ofFramework(error: unknown): unknown {
  const { code = '', statusCode = 500 } = error as { code?: string; statusCode?: number }
  if (error instanceof AdminError || statusCode >= 500) return error
  if (statusCode === 413) {
    return new AdminError(
      413,
      'UR_ADMIN_REQUEST',
      `The body is longer than ${BODY_BYTES} bytes. What to do: send less.`,
    )
  }
  if (statusCode === 415) {
    return new AdminError(415, 'UR_ADMIN_CONTENT_TYPE', 'What to do: send JSON, and `Content-Type: application/json`.')
  }
  if (code.startsWith('FST_ERR_CTP') || error instanceof SyntaxError) {
    return new AdminError(400, 'UR_ADMIN_REQUEST', 'The body is not valid JSON. What to do: send a JSON object.')
  }
  return new AdminError(400, 'UR_ADMIN_REQUEST', 'The request is not valid.')
}

function notFound(method: string, url: string | null): AdminError {
  const allowed = url === null ? [] : methodsAt(ENDPOINTS, url)
  if (allowed.length > 0 && !allowed.includes(method)) {
    const message = `There is no ${method} at this path, but ${allowed.join(', ')}.`
    return new AdminError(405, 'UR_ADMIN_METHOD', message)
  }
  return new AdminError(404, 'UR_ADMIN_NOT_FOUND', 'There is nothing at this path. /openapi.json lists what there is.')
}
