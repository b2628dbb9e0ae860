import type { PoolMember } from '../../tunnels/index.js'

const NONE: ReadonlySet<PoolMember> = new Set()

/** The members of a pool that did not serve a request: nearly always none, and then it costs nearly nothing. */
export class Tried {
  #members: Set<PoolMember> | null = null

  get members(): ReadonlySet<PoolMember> {
    return this.#members ?? NONE
  }

  get isEmpty(): boolean {
    return this.#members === null
  }

  add(member: PoolMember): void {
    this.#members ??= new Set()
    this.#members.add(member)
  }

  clear(): void {
    this.#members = null
  }
}
