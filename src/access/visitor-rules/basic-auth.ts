import { hash, randomBytes } from 'node:crypto'
import type { HashedCredentials } from '../../config/index.js'
import type { Clock } from '../../core/clock.js'
import { type Fields, singleField } from '../../core/http-fields.js'
import { FailedLogins } from '../failed-logins.js'
import { BoundedMap } from '../../core/bounded-map.js'
import { nobody } from './password.js'
import type { PasswordQueue } from './password-queue.js'
import { refusal, refusalFor, type Refusal } from './refusal.js'

export interface BasicAuthOptions {
  readonly clock: Clock
  readonly passwords: PasswordQueue
}

/** Longer than any name and password that are allowed. */
const MAX_VALUE = 1024
const REMEMBERED = 256
const FAILING_ADDRESSES = 1000
/** How long somebody waits who gave too many wrong passwords, ms: others may have the same address. */
const WAIT_MS = 60_000

const CHALLENGE = refusal('UR_VISITOR_LOGIN', { 'www-authenticate': 'Basic realm="tunnel", charset="UTF-8"' })
const BUSY_MS = 2_000

/**
 * Basic auth (RFC 7617). Browsers and programs send their password with every request, and scrypt is slow by design: so
 * what was found of the last credentials is remembered, under a keyed hash of them. Failures are counted by address.
 */
export class BasicAuth {
  readonly #users: ReadonlyMap<string, HashedCredentials>
  readonly #passwords: PasswordQueue
  readonly #failed: FailedLogins
  readonly #nobody = nobody()
  readonly #key = randomBytes(32).toString('base64')
  readonly #known = new BoundedMap<boolean>(REMEMBERED)
  /** Credentials that are being checked: a browser comes with six connections at once. */
  readonly #checking = new Map<string, Promise<boolean>>()

  constructor(users: readonly HashedCredentials[], { clock, passwords }: BasicAuthOptions) {
    this.#users = new Map(users.map((credentials) => [credentials.user, credentials]))
    this.#passwords = passwords
    this.#failed = new FailedLogins({ clock, addresses: FAILING_ADDRESSES, longestMs: WAIT_MS })
  }

  /** Null: come in. A promise only for credentials that are not known yet. `address` is the visitor's. */
  check(fields: Fields, address: string): Refusal | null | Promise<Refusal | null> {
    const value = singleField(fields, 'authorization')
    if (typeof value !== 'string' || value.length > MAX_VALUE) return CHALLENGE
    const key = hash('sha256', this.#key + value, 'base64')
    const known = this.#known.get(key)
    if (known === true) return null
    const blockedMs = this.#failed.blockedFor(address)
    if (blockedMs > 0) return refusalFor(blockedMs, 'UR_VISITOR_LOGIN_RATE')
    const credentials = parseBasic(value)
    if (credentials === null) return CHALLENGE
    if (known === false) return this.#refused(address)
    const checked = this.#checking.get(key) ?? this.#begin(key, credentials)
    return checked === null ? refusalFor(BUSY_MS, 'UR_VISITOR_LOGIN_BUSY') : this.#outcome(checked, address)
  }

  #begin(key: string, { user, password }: Given): Promise<boolean> | null {
    const credentials = this.#users.get(user)
    const checked = this.#passwords.check(password, credentials ?? this.#nobody)
    if (checked === null) return null
    const result = checked.then((right) => right && credentials !== undefined)
    this.#checking.set(key, result)
    void result
      .then((right) => this.#known.set(key, right))
      .catch(() => undefined) // whoever waits for it is told
      .finally(() => this.#checking.delete(key))
    return result
  }

  async #outcome(checked: Promise<boolean>, address: string): Promise<Refusal | null> {
    return (await checked) ? null : this.#refused(address)
  }

  #refused(address: string): Refusal {
    this.#failed.add(address)
    return CHALLENGE
  }
}

interface Given {
  readonly user: string
  readonly password: string
}

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/

/** The credentials in a value of `Authorization`; null: there are none for basic auth. */
export function parseBasic(value: string): Given | null {
  const [, encoded = ''] = /^basic +(\S+)$/i.exec(value) ?? []
  if (!BASE64.test(encoded)) return null
  const text = Buffer.from(encoded, 'base64').toString()
  const colon = text.indexOf(':')
  return colon < 0 ? null : { user: text.slice(0, colon), password: text.slice(colon + 1) }
}
