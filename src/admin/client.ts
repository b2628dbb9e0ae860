import http, { type IncomingMessage } from 'node:http'
import { NetworkError, UniRouteError } from '../core/errors.js'
import { ERROR_CODES, type Code } from '../core/error-codes.js'
import type { PageRequest } from './cursors.js'
import type {
  NewAdminToken,
  NewAgentCertificate,
  NewReservation,
  NewToken,
  OfAccount,
  Operations,
  TokenChange,
  UsageRequest,
} from './operations.js'
import type {
  Account,
  AdminToken,
  AgentCertificate,
  AuditEntry,
  CreatedAdminToken,
  CreatedAgentCertificate,
  CreatedToken,
  Health,
  Page,
  Problem,
  Reservation,
  Session,
  Token,
  Tunnel,
  TunnelHistory,
  Usage,
} from './schemas.js'

/** How long an answer may take, ms; longer than the database may take to fail. */
const TIMEOUT_MS = 20_000
/** Bytes of an answer. */
const LONGEST_ANSWER = 16 * 1024 * 1024

type Query = Readonly<Record<string, string | number | undefined>>

/** The operations of a server that runs, through the socket in its data folder. */
export class ApiClient implements Operations {
  readonly #socket: string

  constructor(socket: string) {
    this.#socket = socket
  }

  /** Null: no server runs there. Throws NetworkError UR_ADMIN_UNREACHABLE when one does not answer. */
  async health(): Promise<Health | null> {
    try {
      return await this.#get<Health>('/health')
    } catch (error) {
      const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException
      if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'EACCES') return null
      throw error
    }
  }

  sessions = (page: PageRequest): Promise<Page<Session>> => this.#get('/sessions', { ...page })
  tunnels = (page: PageRequest): Promise<Page<Tunnel>> => this.#get('/tunnels', { ...page })

  accounts = (page: PageRequest): Promise<Page<Account>> => this.#get('/accounts', { ...page })
  account = (idOrName: string): Promise<Account> => this.#get(`/accounts/${named(idOrName)}`)
  createAccount = (name: string): Promise<Account> => this.#call('POST', '/accounts', { name })
  disableAccount = (idOrName: string): Promise<Account> =>
    this.#call('POST', `/accounts/${named(idOrName)}/disable`, {})
  enableAccount = (idOrName: string): Promise<Account> => this.#call('POST', `/accounts/${named(idOrName)}/enable`, {})

  tokens = (page: PageRequest): Promise<Page<Token>> => this.#get('/tokens', { ...page })
  token = (idOrName: string): Promise<Token> => this.#get(`/tokens/${named(idOrName)}`)
  createToken = (token: NewToken): Promise<CreatedToken> => this.#call('POST', '/tokens', token)
  updateToken = (idOrName: string, change: TokenChange): Promise<Token> =>
    this.#call('PATCH', `/tokens/${named(idOrName)}`, change)
  revokeToken = (idOrName: string): Promise<Token> => this.#call('DELETE', `/tokens/${named(idOrName)}`)

  agentCertificates = (page: PageRequest): Promise<Page<AgentCertificate>> =>
    this.#get('/agent-certificates', { ...page })
  createAgentCertificate = (certificate: NewAgentCertificate): Promise<CreatedAgentCertificate> =>
    this.#call('POST', '/agent-certificates', certificate)
  revokeAgentCertificate = (id: string): Promise<AgentCertificate> =>
    this.#call('DELETE', `/agent-certificates/${named(id)}`)

  adminTokens = (page: PageRequest): Promise<Page<AdminToken>> => this.#get('/admin-tokens', { ...page })
  createAdminToken = (token: NewAdminToken): Promise<CreatedAdminToken> => this.#call('POST', '/admin-tokens', token)
  revokeAdminToken = (idOrName: string): Promise<AdminToken> => this.#call('DELETE', `/admin-tokens/${named(idOrName)}`)

  reservations = (page: OfAccount): Promise<Page<Reservation>> => this.#get('/reservations', { ...page })
  reservation = (id: string): Promise<Reservation> => this.#get(`/reservations/${named(id)}`)
  reserve = (reservation: NewReservation): Promise<Reservation> => this.#call('POST', '/reservations', reservation)
  release = (id: string): Promise<void> => this.#call('DELETE', `/reservations/${named(id)}`)

  tunnelHistory = (page: OfAccount): Promise<Page<TunnelHistory>> => this.#get('/tunnel-history', { ...page })
  usage = (request: UsageRequest): Promise<Page<Usage>> => this.#get('/usage', { ...request })
  audit = (page: PageRequest): Promise<Page<AuditEntry>> => this.#get('/audit', { ...page })

  #get<T>(path: string, query: Query = {}): Promise<T> {
    const given = Object.entries(query).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]]))
    const search = new URLSearchParams(given as [string, string][]).toString()
    return this.#call('GET', search === '' ? path : `${path}?${search}`)
  }

  async #call<T>(method: string, path: string, body?: object): Promise<T> {
    const { status, text } = await this.#exchange(method, `/api/v1${path}`, body)
    if (status === 204) return undefined as T
    const answer = parsed(text)
    if (status >= 200 && status < 300 && answer !== null) return answer as T
    throw problemOf(status, answer as Problem | null)
  }

  async #exchange(method: string, path: string, body?: object): Promise<{ status: number; text: string }> {
    const content = body === undefined ? null : JSON.stringify(body)
    const headers = content === null ? {} : { 'content-type': 'application/json' }
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS)
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        const request = http.request({ socketPath: this.#socket, method, path, headers, signal, agent: false }, resolve)
        request.once('error', reject).end(content)
      })
      return { status: response.statusCode ?? 0, text: await textOf(response) }
    } catch (cause) {
      const reason = (cause as Error).message
      throw new NetworkError(
        'UR_ADMIN_UNREACHABLE',
        `asked the server that runs, through ${this.#socket}: ${reason}. What to do: look into its log; try again`,
        { cause },
      )
    }
  }
}

// What is no id and no name finds nothing, whatever it looks like in a path.
function named(idOrName: string): string {
  return encodeURIComponent(idOrName === '' || /^\.+$/.test(idOrName) ? '-' : idOrName)
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > LONGEST_ANSWER) throw new Error('the answer is too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** The error that the server told, as if it had happened here. */
function problemOf(status: number, problem: Problem | null): UniRouteError {
  const code = problem?.code ?? ''
  if (code in ERROR_CODES) return new UniRouteError(code as Code, problem?.detail ?? '')
  return new NetworkError(
    'UR_ADMIN_UNREACHABLE',
    `the server that runs answered with status ${status}. What to do: update it`,
  )
}
