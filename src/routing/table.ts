import { normaliseHost, normalisePattern } from './host.js'

/**
 * Which tunnel a visitor wants: by host name (exact before wildcard) or by port. One lookup in a map each.
 * Patterns are stored normalised; a wildcard `*.example.com` stands for exactly one label.
 */
export class RouteTable<T, P = T> {
  readonly #hosts = new Map<string, T>()
  readonly #ports = new Map<number, P>()

  /** The target bound to exactly this pattern. */
  hostOwner(pattern: string): T | undefined {
    const key = normalisePattern(pattern)
    return key === null ? undefined : this.#hosts.get(key)
  }

  /** Binds a host name or wildcard; replaces what was there. Throws RangeError when it is no host name. */
  setHost(pattern: string, target: T): void {
    const key = normalisePattern(pattern)
    if (key === null) throw new RangeError(`"${pattern}" is not a host name`)
    this.#hosts.set(key, target)
  }

  /** Frees the pattern, if it is still bound to this target. */
  deleteHost(pattern: string, target: T): void {
    const key = normalisePattern(pattern)
    if (key !== null && this.#hosts.get(key) === target) this.#hosts.delete(key)
  }

  /** The target for a name that a visitor asked for. */
  findHost(name: string): T | undefined {
    // Nearly every name is in the one spelling already, and has a target of its own.
    const plain = name.startsWith('*') ? undefined : this.#hosts.get(name)
    if (plain !== undefined) return plain
    const host = normaliseHost(name)
    if (host === null) return undefined
    const exact = this.#hosts.get(host)
    if (exact !== undefined) return exact
    const dot = host.indexOf('.')
    return dot < 0 ? undefined : this.#hosts.get(`*${host.slice(dot)}`)
  }

  findPort(port: number): P | undefined {
    return this.#ports.get(port)
  }

  /** Binds a port; replaces what was there. */
  setPort(port: number, target: P): void {
    this.#ports.set(port, target)
  }

  /** Frees the port, if it is still bound to this target. */
  deletePort(port: number, target: P): void {
    if (this.#ports.get(port) === target) this.#ports.delete(port)
  }
}
