import { randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import type { SecureContext, TLSSocket } from 'node:tls'
import type { ClientAuthorities } from '../../config/index.js'
import type { Clock } from '../../core/clock.js'
import { CertificateError, NetworkError, type UniRouteError } from '../../core/errors.js'
import { printable } from '../../core/printable.js'
import type { CertificateSource, TlsDone, TlsVisitor } from './api.js'
import { Handshakes, TICKET_KEY_BYTES } from './handshakes.js'

/** What an authority offers, and nothing else, when it looks for a proof (RFC 8737 §6.2). */
const CHALLENGE_ALPN = 'acme-tls/1'
const HANDSHAKE_MS = 15_000
/** How long keys of session tickets are used, ms: whoever gets one reads no more than the sessions of that time. */
const TICKET_KEYS_MS = 3_600_000

export interface TlsFrontOptions {
  readonly certificates: CertificateSource
  /** Protocols that are spoken, the best first; empty: none is chosen. */
  readonly alpn: readonly string[]
  /** Those who are to vouch for the certificates of visitors, who are asked for one; undefined: nobody is. */
  readonly clients?: ClientAuthorities | undefined
  readonly clock: Clock
  /** Time for a handshake, and for the certificate that it may have to wait for, ms. Default: 15 s. */
  readonly handshakeMs?: number
}

/** Ends TLS of one tunnel's visitors, and shows authorities the proofs that they look for. */
export class TlsFront {
  readonly #options: TlsFrontOptions
  readonly #visitors: Handshakes
  readonly #authorities: Handshakes
  #ticketKeysUntil: number

  constructor(options: TlsFrontOptions) {
    const { alpn, clients, clock, handshakeMs: timeoutMs = HANDSHAKE_MS } = options
    this.#options = options
    this.#visitors = new Handshakes({ alpn, clients, timeoutMs }, randomBytes(TICKET_KEY_BYTES))
    this.#authorities = new Handshakes({ alpn: [CHALLENGE_ALPN], timeoutMs }, randomBytes(TICKET_KEY_BYTES))
    this.#ticketKeysUntil = clock.now() + TICKET_KEYS_MS
  }

  /**
   * Calls `secure` after the handshake; who is called calls `done`. When it fails, or when the connection only proved a
   * name, `done` is called here.
   */
  take(duplex: Duplex, visitor: TlsVisitor, done: TlsDone, secure: (socket: TLSSocket) => void): void {
    const { certificates, clients } = this.#options
    const isChallenge = visitor.alpn === CHALLENGE_ALPN
    let why: UniRouteError | null = null
    const handshakes = isChallenge ? this.#authorities : this.#visitors
    this.#rotateTicketKeys()
    handshakes.take(duplex, {
      choose: async (name): Promise<SecureContext | undefined> => {
        const context = await (isChallenge ? certificates.challengeFor(name) : certificates.contextFor(name, clients))
        if (context === null) why = isChallenge ? noProof(name) : noCertificate(name)
        return context ?? undefined
      },
      failed: (error) => done(why ?? handshakeError(visitor, error)),
      secure: (socket) => {
        if (!isChallenge) return secure(socket)
        socket.once('close', () => done(null)).resume()
        socket.end()
      },
    })
  }

  /** The tunnel has this public name from now on. */
  bound(host: string): void {
    this.#options.certificates.bound(host)
  }

  close(): void {
    this.#options.certificates.close()
  }

  #rotateTicketKeys(): void {
    const now = this.#options.clock.now()
    if (now < this.#ticketKeysUntil) return
    this.#ticketKeysUntil = now + TICKET_KEYS_MS
    this.#visitors.ticketKeys = randomBytes(TICKET_KEY_BYTES)
  }
}

function handshakeError({ sni }: TlsVisitor, cause: Error): NetworkError {
  const why = printable(cause.message)
  return new NetworkError('UR_VISITOR_TLS', `The TLS handshake with a visitor of ${printable(sni)} failed: ${why}.`, {
    cause,
  })
}

function noCertificate(name: string): CertificateError {
  return new CertificateError(
    'UR_CERT_NONE_YET',
    `A visitor came to ${printable(name)}, for which there is no certificate.`,
  )
}

function noProof(name: string): CertificateError {
  return new CertificateError(
    'UR_CHALLENGE_UNKNOWN',
    `An authority asked for the proof of ${printable(name)}, and no order waits for it.`,
  )
}
