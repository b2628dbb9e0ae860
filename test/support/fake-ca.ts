import { createPublicKey, type KeyObject } from 'node:crypto'
import { createServer, type Server } from 'node:https'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import forge from 'node-forge'
import { TestAuthority } from '../certs/support.js'
import { listen, type Owner } from './places.js'

/** What is answered in the place of what an authority would. */
export interface Reply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** An object is sent as JSON. */
  readonly body?: unknown
  /** Nothing is answered; `cut`: the connection is closed. */
  readonly instead?: 'silence' | 'cut'
}

/** A request as it came; of a signed one its protected header and payload (RFC 8555 §6.2), not verified. */
export interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly header: Readonly<Record<string, unknown>>
  readonly payload: Readonly<Record<string, unknown>> | null
}

interface Order {
  readonly names: readonly string[]
  readonly proofs: { status: string }[]
  status: string
  chain: string
}

/** The problem document of this kind (RFC 8555 §6.7), as an answer. */
export function problem(kind: string, status: number, more: Partial<Reply> & { detail?: string } = {}): Reply {
  const { detail = `this is ${kind}`, ...rest } = more
  return { status, body: { type: `urn:ietf:params:acme:error:${kind}`, detail }, ...rest }
}

/** An ACME authority that issues to everybody, and does wrong as a test tells it to. */
export class FakeCa {
  /** PEM of the CA of its own server and of what it issues. */
  readonly ca: string
  /** Every request, in order. */
  readonly asked: Asked[] = []
  /** Members that its directory has beside the usual ones. */
  directoryExtras: Readonly<Record<string, unknown>> = {}
  /** What it issues for a key. */
  issue: (key: KeyObject, names: readonly string[]) => string
  readonly authority = new TestAuthority()
  readonly #server: Server
  readonly #orders: Order[] = []
  readonly #replies = new Map<string, (Reply | null)[]>()
  #nonces = 0
  #port = 0

  private constructor() {
    this.ca = this.authority.cert
    this.issue = (key, names) => this.authority.certify(key, { names }) + this.ca
    const { cert, key } = this.authority.issue({ names: ['127.0.0.1', 'localhost'] })
    this.#server = createServer({ cert, key }, (request, response) => void this.#onRequest(request, response))
    this.#server.on('tlsClientError', () => undefined)
  }

  static async start(t: Owner, port = 0): Promise<FakeCa> {
    const ca = new FakeCa()
    ca.#port = await listen(ca.#server, port)
    t.teardown(() => {
      ca.#server.close()
      ca.#server.closeAllConnections()
    })
    return ca
  }

  get directory(): string {
    return this.#url('/dir')
  }

  /** Answers the next requests for paths that begin so with these, one each; null: as an authority would. */
  script(path: string, ...replies: (Reply | null)[]): void {
    this.#replies.set(path, [...(this.#replies.get(path) ?? []), ...replies])
  }

  /** The requests for paths that begin so. */
  askedFor(path: string): Asked[] {
    return this.asked.filter((each) => each.path.startsWith(path))
  }

  #url(path: string): string {
    return `https://127.0.0.1:${this.#port}${path}`
  }

  async #onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.on('error', () => undefined)
    response.on('error', () => undefined)
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    const { method = '', url: path = '', headers } = request
    const body = chunks.length === 0 ? {} : (JSON.parse(Buffer.concat(chunks).toString()) as Record<string, string>)
    const header = (decoded(body['protected']) ?? {}) as Asked['header']
    const asked: Asked = { method, path, headers, header, payload: decoded(body['payload']) as Asked['payload'] }
    this.asked.push(asked)
    const { status = 200, headers: extra, body: answer = '', instead } = this.#scripted(path) ?? this.#answer(asked)
    if (instead === 'silence') return
    if (instead === 'cut') return void request.socket.destroy()
    const isText = typeof answer === 'string'
    const type = isText ? 'text/plain' : status >= 400 ? 'application/problem+json' : 'application/json'
    response.writeHead(status, { 'content-type': type, 'replay-nonce': `nonce-${++this.#nonces}`, ...extra })
    response.end(isText ? answer : JSON.stringify(answer))
  }

  #scripted(path: string): Reply | null {
    for (const [prefix, replies] of this.#replies) {
      if (path.startsWith(prefix) && replies.length > 0) return replies.shift() ?? null
    }
    return null
  }

  #answer({ path, payload }: Asked): Reply {
    const [, what, number] = path.split('/')
    const index = Number(number)
    const order = this.#orders[index]
    if (what === 'dir') return { body: this.#directory() }
    if (what === 'nonce') return {}
    if (what === 'account')
      return { status: 201, headers: { location: this.#url('/accounts/1') }, body: { status: 'valid' } }
    if (what === 'order') return this.#newOrder(payload)
    if (order === undefined) return problem('malformed', 404)
    const [, , , proof] = path.split('/')
    const authorization = order.proofs[Number(proof)]
    if (what === 'proof' && authorization !== undefined) {
      if (payload?.['status'] === 'deactivated') authorization.status = 'deactivated'
      return { body: this.#authorization(index, Number(proof)) }
    }
    if (what === 'challenge' && authorization !== undefined) {
      authorization.status = 'valid'
      if (order.proofs.every(({ status }) => status === 'valid')) order.status = 'ready'
      return { body: { type: 'http-01', url: this.#url(path), status: 'processing', token: `token-${index}` } }
    }
    if (what === 'finalize') {
      order.chain = this.issue(keyOfRequest(String(payload?.['csr'])), order.names)
      order.status = 'valid'
    }
    if (what === 'cert') return { body: order.chain }
    return { body: this.#order(index) }
  }

  #directory(): object {
    const { directoryExtras } = this
    return {
      newNonce: this.#url('/nonce'),
      newAccount: this.#url('/account'),
      newOrder: this.#url('/order'),
      ...directoryExtras,
    }
  }

  #newOrder(payload: Asked['payload']): Reply {
    const names = (payload?.['identifiers'] as { value: string }[]).map(({ value }) => value)
    const proofs = names.map(() => ({ status: 'pending' }))
    const index = this.#orders.push({ names, proofs, status: 'pending', chain: '' }) - 1
    return { status: 201, headers: { location: this.#url(`/orders/${index}`) }, body: this.#order(index) }
  }

  #order(index: number): object {
    const { status, names } = this.#orders[index]!
    return {
      status,
      authorizations: names.map((_, i) => this.#url(`/proof/${index}/${i}`)),
      finalize: this.#url(`/finalize/${index}`),
      ...(status === 'valid' && { certificate: this.#url(`/cert/${index}`) }),
    }
  }

  #authorization(index: number, proof: number): object {
    const { names, proofs } = this.#orders[index]!
    const challenge = { type: 'http-01', url: this.#url(`/challenge/${index}/${proof}`), status: 'pending' }
    return {
      status: proofs[proof]!.status,
      identifier: { type: 'dns', value: names[proof] },
      challenges: [{ ...challenge, token: `token-${index}-${proof}` }],
    }
  }
}

function decoded(part: string | undefined): unknown {
  if (part === undefined || part === '') return null
  return JSON.parse(Buffer.from(part, 'base64url').toString())
}

/** The key of a certificate signing request (RFC 2986 §4): version, subject, SubjectPublicKeyInfo, … */
function keyOfRequest(csr: string): KeyObject {
  const { asn1 } = forge
  const request = asn1.fromDer(Buffer.from(csr, 'base64url').toString('latin1'))
  const [info] = request.value as forge.asn1.Asn1[]
  const key = (info!.value as forge.asn1.Asn1[])[2]!
  return createPublicKey({ key: Buffer.from(asn1.toDer(key).getBytes(), 'latin1'), format: 'der', type: 'spki' })
}
