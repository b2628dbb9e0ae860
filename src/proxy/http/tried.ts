import type { TargetMember } from './target.js'

const NONE: ReadonlySet<TargetMember> = new Set()

/** The members of a pool that did not serve a request: nearly always none, and then it costs nearly nothing. */
export class Tried {
  #members: Set<TargetMember> | null = null

  get members(): ReadonlySet<TargetMember> {
    return this.#members ?? NONE
  }

  get isEmpty(): boolean {
    return this.#members === null
  }

  add(member: TargetMember): void {
    this.#members ??= new Set()
    this.#members.add(member)
  }

  clear(): void {
    this.#members = null
  }
}
