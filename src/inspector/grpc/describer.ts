import type { Exchange, TimelineEntry } from '../exchange.js'
import { GrpcTypes, messageToJson, type GrpcMethod } from './grpc-types.js'
import { guessMessage } from './guess.js'

/** A message in words. */
export interface GrpcDescription {
  /** The full name of its type; empty: it is not known, and the JSON has field numbers for names. */
  readonly type: string
  /** Null: the bytes are no message (of this type). */
  readonly json: string | null
}

/** Puts names to gRPC messages. */
export interface GrpcNames {
  /** Never rejects: who cannot be asked is a type that is not known. */
  describe(exchange: Exchange, entry: TimelineEntry): Promise<GrpcDescription>
}

/** Asks the upstream of a tunnel for the FileDescriptorProtos of a service. */
export type Reflect = (tunnel: string, service: string) => Promise<readonly Uint8Array[]>

/** How long a service that could not be asked for is left in peace, ms. */
const ASK_AGAIN_MS = 30_000
const MOST_SERVICES = 200

/** Decodes gRPC messages: by the `.proto` files that were given, else by the upstream's reflection, else by guessing. */
export class GrpcDescriber implements GrpcNames {
  readonly #given: GrpcTypes | null
  readonly #reflect: Reflect
  readonly #now: () => number
  readonly #asked = new Map<string, { at: number; types: Promise<GrpcTypes | null> }>()

  /** @param now milliseconds, monotonic */
  constructor(given: GrpcTypes | null, reflect: Reflect, now: () => number) {
    this.#given = given
    this.#reflect = reflect
    this.#now = now
  }

  async describe(exchange: Exchange, entry: TimelineEntry): Promise<GrpcDescription> {
    if (entry.truncated || entry.problem !== null) return { type: '', json: null }
    const method = await this.#method(exchange)
    const type = entry.direction === 'to-upstream' ? method?.request : method?.response
    if (type === undefined) return { type: '', json: guessMessage(entry.payload) }
    const name = type.fullName.replace(/^\./, '')
    try {
      return { type: name, json: messageToJson(type, entry.payload) }
    } catch {
      return { type: name, json: guessMessage(entry.payload) }
    }
  }

  async #method({ tunnel, target }: Exchange): Promise<GrpcMethod | null> {
    const given = this.#given?.method(target) ?? null
    if (given !== null) return given
    const service = target.split('/')[1] ?? ''
    return (await this.#types(tunnel, service))?.method(target) ?? null
  }

  #types(tunnel: string, service: string): Promise<GrpcTypes | null> {
    const key = `${tunnel}\n${service}`
    const before = this.#asked.get(key)
    if (before !== undefined && (before.at === Infinity || this.#now() - before.at < ASK_AGAIN_MS)) return before.types
    if (this.#asked.size >= MOST_SERVICES) this.#asked.clear()
    const asked = {
      at: Infinity,
      types: this.#reflect(tunnel, service)
        .then((files) => GrpcTypes.fromDescriptors(files))
        .catch(() => {
          asked.at = this.#now()
          return null
        }),
    }
    this.#asked.set(key, asked)
    return asked.types
  }
}
