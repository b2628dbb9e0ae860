/** Something that changes and says so; made for `useSyncExternalStore`. */
export class Emitter {
  readonly #listeners = new Set<() => void>()
  #version = 0

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Another number after each change. */
  readonly version = (): number => this.#version

  protected changed(): void {
    this.#version++
    for (const listener of this.#listeners) listener()
  }
}
