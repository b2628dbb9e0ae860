import { createHmac, timingSafeEqual, type Hmac } from 'node:crypto'
import type { Fields } from '../../../core/http-fields.js'

/** A request that says it is a webhook. */
export interface WebhookRequest {
  readonly fields: Fields
  /** The address that the sender asked for, as it stands in his request: `https://shop.example.com/hook?a=b`. */
  readonly url: string
}

/** What a signature claims, while the body comes. */
export interface Proof {
  /** When it was signed, in seconds since 1970; null: the signature does not say. */
  readonly timestamp: number | null
  /** Takes the next bytes of the body. */
  update(chunk: Buffer): void
  /**
   * Once, when the body is complete: what tells this signed request from all others, for the memory of replays; null:
   * the signature is wrong. Compares in constant time. `body`: all bytes that `update` took.
   */
  verify(body: Buffer): string | null
}

/** What the signature covers, and where it stands. */
export interface Claim {
  readonly timestamp: number | null
  /** Signed in front of the body. */
  readonly prefix: string
  /** Any of these may be right: senders sign with the old and the new secret while they change it. */
  readonly signatures: readonly Buffer[]
}

/** A signature by HMAC-SHA256 over `prefix` and body. */
export class HmacProof implements Proof {
  readonly timestamp: number | null
  readonly #signatures: readonly Buffer[]
  readonly #hmac: Hmac

  constructor(secret: string, { timestamp, prefix, signatures }: Claim) {
    this.timestamp = timestamp
    this.#signatures = signatures
    this.#hmac = createHmac('sha256', secret).update(prefix)
  }

  update(chunk: Buffer): void {
    this.#hmac.update(chunk)
  }

  verify(): string | null {
    const expected = this.#hmac.digest()
    return isAmong(expected, this.#signatures) ? expected.toString('base64') : null
  }
}

/** Whether any of `signatures` is `expected`. Its time depends on their number and lengths alone. */
export function isAmong(expected: Buffer, signatures: readonly Buffer[]): boolean {
  let found = false
  for (const signature of signatures) {
    found = (signature.length === expected.length && timingSafeEqual(signature, expected)) || found
  }
  return found
}

/** The bytes of a hexadecimal text of `bytes` bytes; null: it is none. */
export function fromHex(text: string, bytes: number): Buffer | null {
  return text.length === 2 * bytes && /^[0-9a-f]+$/i.test(text) ? Buffer.from(text, 'hex') : null
}

/** The bytes of a base64 text of `bytes` bytes, padded; null: it is none. */
export function fromBase64(text: string, bytes: number): Buffer | null {
  const decoded = Buffer.from(text, 'base64')
  return decoded.length === bytes && decoded.toString('base64') === text ? decoded : null
}

/** A time in whole seconds; null: it is none. */
export function fromSeconds(text: string): number | null {
  return /^\d{1,12}$/.test(text) ? Number(text) : null
}
