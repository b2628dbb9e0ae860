import { constants, inflateRawSync } from 'node:zlib'
import { bufferCost } from '../cost.js'
import { ofItsOwn } from '../record/body.js'
import type { InflationBudget } from '../record/inflation-budget.js'

/** What permessage-deflate (RFC 7692 §7.1) was agreed on; null: it was not. */
export interface DeflateTerms {
  /** Each message of the visitor, or of the upstream, is compressed without regard to those before it. */
  readonly clientStartsAnew: boolean
  readonly serverStartsAnew: boolean
}

/** Reads Sec-WebSocket-Extensions of the answer. Null: no compression. Undefined: an extension that is not known. */
export function deflateTerms(extensions: readonly string[]): DeflateTerms | null | undefined {
  if (extensions.length === 0) return null
  if (extensions.length > 1) return undefined
  const [name, ...parameters] = extensions[0]!.split(';').map((part) => part.trim().toLowerCase())
  if (name !== 'permessage-deflate') return undefined
  return {
    clientStartsAnew: parameters.includes('client_no_context_takeover'),
    serverStartsAnew: parameters.includes('server_no_context_takeover'),
  }
}

/** A message may become so large when it is decompressed. */
const MAX_MESSAGE = 8 * 1024 * 1024
/** As far back as DEFLATE refers (RFC 1951 §2). */
const WINDOW = 32 * 1024
/** What senders leave out at the end of a message (RFC 7692 §7.2.1). */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff])

/**
 * Decompresses the messages of one direction. zlib has no call that goes on with a stream and waits for nothing; the last
 * bytes of what came before, given as a dictionary, are all that a stream remembers.
 */
export class MessageInflater {
  readonly #startsAnew: boolean
  readonly #budget: InflationBudget
  #window: Buffer | null = null
  #lost = false

  constructor(startsAnew: boolean, budget: InflationBudget) {
    this.#startsAnew = startsAnew
    this.#budget = budget
  }

  /** Memory that is taken, bytes. */
  get cost(): number {
    return this.#window === null ? 0 : bufferCost(this.#window.length)
  }

  /** The next message, whole and compressed, that came at this time. What cannot be decompressed is told in words. */
  inflate(message: Buffer, atMs: number): Buffer | string {
    if (this.#lost) return 'it could not be decompressed'
    const result = this.#budget.inflate(
      message.length,
      MAX_MESSAGE,
      atMs,
      (maxOutputLength) =>
        inflateRawSync(Buffer.concat([message, TAIL]), {
          finishFlush: constants.Z_SYNC_FLUSH,
          maxOutputLength,
          ...(this.#window !== null && { dictionary: this.#window }),
        }),
      (plain) => plain.length,
    )
    if (result.kind === 'decoded') {
      if (!this.#startsAnew) this.#remember(result.value)
      return result.value
    }
    this.lose()
    return result.kind === 'too-much' ? 'too much was to be decompressed at once' : 'it could not be decompressed'
  }

  /** A message was not seen whole: those that refer to it cannot be decompressed. */
  lose(): void {
    if (this.#startsAnew) return
    this.#lost = true
    this.#window = null
  }

  #remember(plain: Buffer): void {
    const before = this.#window
    if (plain.length >= WINDOW || before === null) this.#window = ofItsOwn(plain.subarray(-WINDOW))
    else this.#window = ofItsOwn(Buffer.concat([before, plain]).subarray(-WINDOW))
  }
}
