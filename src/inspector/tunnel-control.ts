import { UniRouteError, ConfigError, CertificateError, NetworkError, RefusedError } from '../core/errors.js'
import type { Code } from '../core/error-codes.js'

/** Starts and stops tunnels of the agent, while it runs. */
export interface TunnelControl {
  /**
   * Resolves once the tunnel has its address. `replaces`: in the place of one of that name, which is stopped once nothing
   * is wrong with the definition. Throws UniRouteError: what is wrong with it, or why it gets no address.
   */
  start(definition: TunnelDefinition, replaces: boolean): Promise<void>
  /** False: there is no tunnel of that name. */
  stop(name: string): Promise<boolean>
}

/** A tunnel as it would stand in the configuration of the agent. */
export interface TunnelDefinition {
  readonly name: string
  /** Keys and values as below `tunnels.NAME` of uniroute.yml. */
  readonly keys: Readonly<Record<string, unknown>>
  /** How messages call keys that whoever asks knows by other names. */
  readonly origins: Readonly<Record<string, string>>
}

/** What the thread of the inspector asks of the agent's; `number` comes back with the answer. */
export interface ControlRequest {
  readonly number: number
  readonly what: { readonly start: TunnelDefinition; readonly replaces: boolean } | { readonly stop: string }
}

/** `done`: a tunnel was started, or stopped. */
export interface ControlAnswer {
  readonly number: number
  readonly result: { readonly done: boolean } | { readonly failure: Failure }
}

/** An error as it goes from one thread to another. */
interface Failure {
  readonly kind: keyof typeof KINDS
  readonly code: Code
  readonly message: string
}

const KINDS = {
  config: ConfigError,
  certificate: CertificateError,
  network: NetworkError,
  refused: RefusedError,
  other: UniRouteError,
} as const

/** Has `control` do what was asked for. Never rejects. */
export async function answerTo({ number, what }: ControlRequest, control: TunnelControl): Promise<ControlAnswer> {
  try {
    if ('stop' in what) return { number, result: { done: await control.stop(what.stop) } }
    await control.start(what.start, what.replaces)
    return { number, result: { done: true } }
  } catch (error) {
    return { number, result: { failure: failureOf(error) } }
  }
}

function failureOf(error: unknown): Failure {
  if (!(error instanceof UniRouteError)) {
    return { kind: 'other', code: 'UR_INTERNAL', message: error instanceof Error ? error.message : String(error) }
  }
  const kinds = Object.keys(KINDS) as Failure['kind'][]
  const kind = kinds.find((each) => error instanceof KINDS[each]) ?? 'other'
  return { kind, code: error.code, message: error.message }
}

/** The control of an agent in another thread. */
export class RemoteControl implements TunnelControl {
  readonly #ask: (request: ControlRequest) => void
  readonly #waiting = new Map<number, (result: ControlAnswer['result']) => void>()
  #last = 0

  constructor(ask: (request: ControlRequest) => void) {
    this.#ask = ask
  }

  async start(definition: TunnelDefinition, replaces: boolean): Promise<void> {
    await this.#request({ start: definition, replaces })
  }

  stop(name: string): Promise<boolean> {
    return this.#request({ stop: name })
  }

  onAnswer({ number, result }: ControlAnswer): void {
    this.#waiting.get(number)?.(result)
    this.#waiting.delete(number)
  }

  async #request(what: ControlRequest['what']): Promise<boolean> {
    const number = ++this.#last
    const answer = new Promise<ControlAnswer['result']>((resolve) => this.#waiting.set(number, resolve))
    this.#ask({ number, what })
    const result = await answer
    if ('done' in result) return result.done
    const { kind, code, message } = result.failure
    throw new KINDS[kind](code, message)
  }
}
