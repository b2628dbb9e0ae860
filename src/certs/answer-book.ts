import { createHash, generateKeyPairSync } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { Logger } from '../core/logger.js'
import { normaliseHost } from '../routing/index.js'
import type { Challenge, ChallengeSolver, ChallengeStore, ChallengeType } from './challenge.js'
import { signedCertificate } from './x509.js'

/** Authorities look within minutes. */
const LIFETIME_MS = 3_600_000
const MAX_ANSWERS = 1_000
const MAX_CONTEXTS = 100
/** Questions to the other nodes at once; strangers can provoke them. */
const MAX_LOOKUPS = 32
/** How long a certificate is valid before and after it is made, ms: clocks differ. */
const VALID_MS = 86_400_000
const TOKEN = /^[A-Za-z0-9_-]{1,256}$/

type AnswerType = 'http-01' | 'tls-alpn-01'

export interface AnswerBookOptions {
  /** What can be answered here, the best first. */
  readonly kinds: readonly AnswerType[]
  /** What all nodes of a cluster answer; null: this process is alone. */
  readonly store: ChallengeStore | null
  readonly log: Logger
  /** The time of day. */
  readonly now?: () => Date
}

interface Answer {
  readonly challenge: Challenge
  readonly expiresAt: number
}

/** The proofs that this node answers itself: by its TLS port and by its port for plain HTTP. */
export class AnswerBook implements ChallengeSolver {
  readonly #options: AnswerBookOptions
  readonly #now: () => Date
  /** In the order in which they were shown. */
  readonly #answers = new Map<string, Answer>()
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  /** Made when they are asked for, the newest last; an authority asks from several places. */
  readonly #contexts = new Map<string, SecureContext>()
  #lookups = 0

  constructor(options: AnswerBookOptions) {
    this.#options = options
    this.#now = options.now ?? (() => new Date())
  }

  /** Answers that are kept. */
  get size(): number {
    return this.#answers.size
  }

  kindsFor(name: string): readonly ChallengeType[] {
    return name.startsWith('*.') ? [] : this.#options.kinds
  }

  async show(challenge: Challenge, signal: AbortSignal): Promise<void> {
    this.#forgetOld()
    this.#answers.delete(keyOf(challenge)) // the order of the map is that of time
    this.#answers.set(keyOf(challenge), this.#answer(challenge))
    await this.#options.store?.put(challenge)
    signal.throwIfAborted()
  }

  async remove(challenge: Challenge): Promise<void> {
    this.#answers.delete(keyOf(challenge))
    try {
      await this.#options.store?.remove(challenge)
    } catch (error) {
      const fields = { host: challenge.name, reason: (error as Error).message }
      this.#options.log.warn(fields, 'a proof could not be taken away from the other nodes; it ends by itself')
    }
  }

  /**
   * The TLS context that proves a name to whoever connects by ALPN acme-tls/1 (RFC 8737); of several orders the newest
   * one's. null: no order waits for it.
   */
  async tlsAlpnContext(serverName: string): Promise<SecureContext | null> {
    const name = normaliseHost(serverName)
    if (name === null) return null
    const own = [...this.#answers.values()].findLast((each) => this.#isFor(each, 'tls-alpn-01', name, null))
    const answer = own ?? (await this.#ask('tls-alpn-01', name, null))
    return answer === null ? null : this.#contextFor(answer.challenge)
  }

  /** What is to be sent for `/.well-known/acme-challenge/TOKEN` (RFC 8555 §8.3). null: no order waits for it. */
  async httpAnswer(host: string, token: string): Promise<string | null> {
    const name = normaliseHost(host)
    if (name === null || !TOKEN.test(token)) return null
    const own = this.#answers.get(keyOf({ type: 'http-01', name, token }))
    const isOwn = own !== undefined && this.#isFor(own, 'http-01', name, token)
    const answer = isOwn ? own : await this.#ask('http-01', name, token)
    return answer?.challenge.keyAuthorization ?? null
  }

  #answer(challenge: Challenge): Answer {
    return { challenge, expiresAt: this.#now().getTime() + LIFETIME_MS }
  }

  #isFor({ challenge, expiresAt }: Answer, type: AnswerType, name: string, token: string | null): boolean {
    const isAsked = challenge.type === type && challenge.name === name && (token === null || challenge.token === token)
    return isAsked && expiresAt > this.#now().getTime()
  }

  #forgetOld(): void {
    const now = this.#now().getTime()
    for (const [key, { expiresAt }] of this.#answers) {
      if (expiresAt > now && this.#answers.size < MAX_ANSWERS) return
      this.#answers.delete(key)
    }
  }

  /** Asks the other nodes. */
  async #ask(type: AnswerType, name: string, token: string | null): Promise<Answer | null> {
    const { store, log } = this.#options
    if (store === null || this.#lookups >= MAX_LOOKUPS) return null
    this.#lookups++
    try {
      const challenge = await store.find(type, name, token)
      const answer = challenge === null ? null : this.#answer(challenge)
      return answer !== null && this.#isFor(answer, type, name, token) ? answer : null
    } catch (error) {
      log.warn({ host: name, reason: (error as Error).message }, 'a proof could not be looked up')
      return null
    } finally {
      this.#lookups--
    }
  }

  #contextFor(challenge: Challenge): SecureContext {
    const key = `${challenge.name} ${challenge.keyAuthorization}`
    const context = this.#contexts.get(key) ?? this.#newContext(challenge)
    this.#contexts.delete(key)
    this.#contexts.set(key, context)
    const [oldest = ''] = this.#contexts.keys()
    if (this.#contexts.size > MAX_CONTEXTS) this.#contexts.delete(oldest)
    return context
  }

  #newContext({ name, keyAuthorization }: Challenge): SecureContext {
    const { publicKey, privateKey } = this.#keys
    const now = this.#now().getTime()
    const subject = 'UniRoute challenge'
    const digest = createHash('sha256').update(keyAuthorization).digest()
    const cert = signedCertificate(
      {
        commonName: subject,
        issuerName: subject,
        notBefore: new Date(now - VALID_MS),
        notAfter: new Date(now + VALID_MS),
        publicKey,
        issuerKey: publicKey,
        role: { proves: name, digest },
      },
      privateKey,
    )
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' })
    return createSecureContext({ cert, key, minVersion: 'TLSv1.2' })
  }
}

function keyOf({ type, name, token }: Pick<Challenge, 'type' | 'name' | 'token'>): string {
  return `${type} ${name} ${token}`
}
