import { Readable } from 'node:stream'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { openApi } from '../../admin/openapi.js'
import { checkedInput, fastifyPath, methodsAt, wrongText } from '../../admin/route.js'
import type { AllowedHosts } from '../../core/browser-guard.js'
import { LimitError } from '../../core/errors.js'
import { DESCRIPTION } from './description.js'
import type { Bytes, Context, Endpoint } from './endpoint.js'
import { EventFeed } from './event-feed.js'
import { guard } from './guard.js'
import { API_HEADERS, PAGE_HEADERS } from './headers.js'
import { addNgrokRoutes } from './ngrok/routes.js'
import { Pages } from './pages.js'
import { DEFECT, InspectError, ofFramework, problemOf } from './problems.js'
import { refuseHead } from './refused-head.js'
import { EXCHANGES } from './routes/exchanges.js'
import { LIVE } from './routes/live.js'
import { SUITES } from './routes/suites.js'
import { TUNNELS } from './routes/tunnels.js'

/** Bytes of the body of a request. */
const BODY_BYTES = 16 * 1024 * 1024
/** The same for a HAR file. */
const HAR_BYTES = 32 * 1024 * 1024

export interface InspectorAppOptions extends Context {
  /** Names by which the inspector may be called, besides IP addresses and `localhost`. */
  readonly allowedHosts: AllowedHosts
  /** The folder with the built pages. */
  readonly pages: string
}

/** Everything below `/api/inspect`. */
export const ENDPOINTS: readonly Endpoint[] = [...LIVE, ...TUNNELS, ...EXCHANGES, ...SUITES]

/** The inspector's API, that of ngrok, and the pages; without a listener. */
export async function inspectorApp(options: InspectorAppOptions): Promise<FastifyInstance> {
  const app = fastify({
    bodyLimit: BODY_BYTES,
    routerOptions: { maxParamLength: 1_000 },
    clientErrorHandler: refuseHead,
    frameworkErrors: (_error, request, reply) => {
      const error = new InspectError(400, 'UR_INSPECT_REQUEST', 'The path is not valid. What to do: correct its %XX.')
      void refuse(reply, error, request, options)
    },
  })
  takeJson(app)
  app.addHook('onRequest', (request, reply, done) => {
    void reply.headers(API_HEADERS)
    guard(request.method, request.url, request.headers, options.allowedHosts)
    done()
  })
  app.setErrorHandler((error, request, reply) => refuse(reply, error, request, options))
  const feed = new EventFeed(options)
  app.addHook('preClose', (done) => {
    feed.close()
    done()
  })
  const description = openApi(ENDPOINTS, DESCRIPTION)
  app.get('/api/inspect/openapi.json', () => description)
  for (const each of ENDPOINTS) {
    app.route({
      method: each.method,
      url: fastifyPath(each),
      // a HEAD of events would be a reader that never gets any
      exposeHeadRoute: each.response !== 'events',
      bodyLimit: isHar(each) ? HAR_BYTES : BODY_BYTES,
      config: { asText: isHar(each) },
      handler: (request, reply) => serve(each, request, reply, options, feed),
    })
  }
  addNgrokRoutes(app, options)
  const pages = new Pages(options.pages)
  app.setNotFoundHandler((request, reply) => servePage(pages, request, reply))
  await app.ready()
  return app
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The body is handed on as text. */
    asText?: boolean
  }
}

function isHar({ method, path }: Endpoint): boolean {
  return method === 'POST' && path.endsWith('.har')
}

/** Programs announce JSON also where they send none. */
function takeJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, text: string, done) => {
    if (text === '' || request.routeOptions.config.asText) done(null, text === '' ? undefined : text)
    else void parse(request, text, done)
  })
}

async function serve(
  endpoint: Endpoint,
  request: FastifyRequest,
  reply: FastifyReply,
  context: Context,
  feed: EventFeed,
): Promise<unknown> {
  const params = checkedInput(endpoint.params, request.params)
  if ('wrong' in params) throw new InspectError(404, 'UR_INSPECT_NOT_FOUND', wrongText(params.wrong))
  const query = checked(endpoint.query, request.query)
  const body = endpoint.body === null ? undefined : checked(endpoint.body, request.body ?? {})
  if (endpoint.response === 'events') {
    feed.serve(reply.raw, API_HEADERS)
    return reply.hijack()
  }
  const result = await endpoint.handle({ params: params.value, query, body }, context)
  void reply.code(endpoint.status)
  if (endpoint.response === null) return reply.send()
  if (endpoint.response !== 'bytes') return result
  const bytes = result as Bytes
  void reply.type(bytes.type)
  if (bytes.download !== undefined) void reply.header('content-disposition', `attachment; filename="${bytes.download}"`)
  return typeof bytes.body === 'string' || Buffer.isBuffer(bytes.body) ? bytes.body : Readable.from(bytes.body)
}

/** Throws InspectError 422 UR_INSPECT_FIELD, which names the fields. */
function checked<S extends z.ZodType>(schema: S, given: unknown): z.output<S> {
  const input = checkedInput(schema, given)
  if ('value' in input) return input.value
  throw new InspectError(422, 'UR_INSPECT_FIELD', wrongText(input.wrong))
}

const NOT_BUILT = 'The pages were not built. What to do: run `npm run build`; the API at /api works without them.'

/** The pages, at every path that is not below `/api`. */
async function servePage(pages: Pages, { method, url }: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  if (/^\/api(\/|\?|$)/.test(url)) throw notFound(method, url)
  if (method !== 'GET' && method !== 'HEAD') throw notAllowed(method, ['GET', 'HEAD'])
  const file = await pages.find(url)
  // the page finds its files beside itself, so it is shown at one path alone
  if (file === null && /^\/[^.?]+(\?|$)/.test(url)) return reply.redirect('/')
  if (file === null && /^\/(\?|$)/.test(url)) throw new InspectError(404, 'UR_INSPECT_NOT_FOUND', NOT_BUILT)
  if (file === null) throw notFound()
  void reply.headers({
    ...PAGE_HEADERS,
    'cache-control': file.lasting ? 'public, max-age=31536000, immutable' : 'no-cache',
  })
  return reply.type(file.type).send(file.bytes)
}

function notFound(method = 'GET', url = ''): InspectError {
  const allowed = methodsAt(ENDPOINTS, url)
  if (allowed.length > 0 && !allowed.includes(method)) return notAllowed(method, allowed)
  const message = 'There is nothing at this path. /api/inspect/openapi.json lists what there is.'
  return new InspectError(404, 'UR_INSPECT_NOT_FOUND', message)
}

function notAllowed(method: string, allowed: readonly string[]): InspectError {
  const message = `There is no ${method} at this path, but ${allowed.join(', ')}.`
  return new InspectError(405, 'UR_INSPECT_METHOD', message)
}

async function refuse(reply: FastifyReply, error: unknown, request: FastifyRequest, { log }: Context): Promise<void> {
  const known = ofFramework(error)
  let problem = problemOf(known)
  if (problem === null) {
    const { method, routeOptions } = request
    log.error({ code: 'UR_INTERNAL', error, method, path: routeOptions.url }, 'a request to the inspector failed')
    problem = DEFECT
  }
  const { status } = problem
  if (status === 405) void reply.header('allow', methodsAt(ENDPOINTS, request.url).join(', ') || 'GET, HEAD')
  if (known instanceof LimitError) void reply.header('retry-after', Math.ceil((known.retryAfterMs ?? 1_000) / 1_000))
  await reply.code(status).headers(API_HEADERS).type('application/problem+json').send(JSON.stringify(problem))
}
