import type { HttpProduct } from './http-product.js'
import { program } from './places.js'
import { run } from './processes.js'

export const VERSIONS = ['1.1', '2'] as const
/** Of HTTP, as curl and git call it. */
export type Version = (typeof VERSIONS)[number]

/** curl as a visitor of a tunnel, by this version of HTTP and no other. Verifies the certificate. */
export class Curl {
  readonly #file: string
  readonly #args: readonly string[]

  private constructor(file: string, args: readonly string[]) {
    this.#file = file
    this.#args = args
  }

  static async at({ port, server }: HttpProduct, version: Version): Promise<Curl> {
    const args = ['-sS', '--noproxy', '*', '--cacert', server.authority.ca, '--connect-to', `::127.0.0.1:${port}`]
    return new Curl(await program('curl', 'curl'), [...args, `--http${version}`])
  }

  /** The whole command, for a shell. */
  command(...args: string[]): string {
    return [this.#file, ...this.#args, ...args].map((each) => `'${each}'`).join(' ')
  }

  /** What it printed, and its exit code. */
  run(...args: string[]) {
    return run(this.#file, [...this.#args, ...args])
  }
}
