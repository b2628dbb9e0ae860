import http, { type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http'
import path from 'node:path'
import { ApiClient } from '../../src/admin/client.js'
import { within } from '../support/hang.js'
import type { Owner } from '../support/places.js'
import { Server, type ServerOptions } from '../support/product.js'

/** An answer of the API; `body` is what its JSON says. */
export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly body: unknown
}

export interface Call {
  readonly method?: string
  readonly token?: string | null
  readonly body?: unknown
  /** Sent as it is, instead of `body`. */
  readonly raw?: string
  readonly headers?: OutgoingHttpHeaders
}

/** A `uniroutd` with its admin API on a free port, and a token for each scope. */
export class AdminApi {
  readonly server: Server
  address = ''
  write = ''
  read = ''

  private constructor(server: Server) {
    this.server = server
  }

  static async start(t: Owner, options: ServerOptions = {}): Promise<AdminApi> {
    const { listen, ...config } = (options.config ?? {}) as { listen?: object }
    const merged = { ...options, config: { ...config, listen: { admin: '127.0.0.1:0', ...listen } } }
    const server = await Server.start(t, { ...merged, start: false })
    const api = new AdminApi(server)
    await api.launch()
    const client = new ApiClient(api.socket)
    for (const scope of ['write', 'read'] as const) {
      api[scope] = (await client.createAdminToken({ name: scope, scope })).token
      server.tokens.push(api[scope])
    }
    return api
  }

  /** Starts the server, again if it was stopped. */
  async launch(): Promise<void> {
    const ready = await this.server.spawn().event('ready')
    this.address = String(ready['admin'])
    this.server.metricsAddress = String(ready['metrics'])
  }

  /** One request, as the token of scope write where nothing else is said. */
  call(at: string, { method = 'GET', token = this.write, body, raw, headers = {} }: Call = {}): Promise<Reply> {
    const content = raw ?? (body === undefined ? null : JSON.stringify(body))
    const sent = {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(content === null ? {} : { 'content-type': 'application/json' }),
      ...headers,
    }
    const [host, port] = this.address.split(':')
    return request({ host, port, path: at, method, headers: sent }, content)
  }

  /** The server's entry in `/api/v1/…`, which must be there. */
  async get<T>(at: string): Promise<T> {
    const { status, text, body } = await this.call(`/api/v1/${at}`)
    if (status !== 200) throw new Error(`GET ${at}: ${status} ${text}`)
    return body as T
  }

  /** The socket for commands. */
  get socket(): string {
    return path.join(this.server.folder, 'data', 'admin.sock')
  }
}

export function request(options: http.RequestOptions, content: string | null = null): Promise<Reply> {
  const answer = new Promise<Reply>((resolve, reject) => {
    const sent = http.request({ ...options, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: parsed(text) })
      })
    })
    sent.on('error', reject)
    sent.end(content)
  })
  return within(`${options.method ?? 'GET'} ${options.path ?? ''}`, answer)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A token of the admin API, made by the command. */
export async function adminToken(server: Server, name: string, scope: string): Promise<string> {
  const { out } = await server.uniroutd('admin-token', 'create', name, '--scope', scope, '--json')
  const { token } = JSON.parse(out) as { token: string }
  server.tokens.push(token)
  return token
}
