/**
 * First in, first out, with O(1) `push` and `shift`: a power-of-two array that doubles when full.
 * It never shrinks; slots that were shifted hold no reference.
 */
export class Ring<T> {
  private slots: (T | undefined)[]
  private head = 0
  private count = 0

  /** `capacity`: room before the first growth; rounded up to a power of two. */
  constructor(capacity = 16) {
    let size = 1
    while (size < capacity) size *= 2
    this.slots = new Array<T | undefined>(size).fill(undefined)
  }

  get length(): number {
    return this.count
  }

  /** Adds at the end. */
  push(item: T): void {
    if (this.count === this.slots.length) this.grow()
    this.slots[(this.head + this.count) & (this.slots.length - 1)] = item
    this.count += 1
  }

  /** Takes the oldest; undefined when empty. */
  shift(): T | undefined {
    if (this.count === 0) return undefined
    const item = this.slots[this.head]
    this.slots[this.head] = undefined
    this.head = (this.head + 1) & (this.slots.length - 1)
    this.count -= 1
    return item
  }

  /** The oldest, left in place; undefined when empty. */
  peek(): T | undefined {
    return this.count === 0 ? undefined : this.slots[this.head]
  }

  /** Drops every item and its reference. */
  clear(): void {
    this.slots.fill(undefined)
    this.head = 0
    this.count = 0
  }

  private grow(): void {
    const { slots, head, count } = this
    const grown = new Array<T | undefined>(slots.length * 2).fill(undefined)
    for (let i = 0; i < count; i++) grown[i] = slots[(head + i) & (slots.length - 1)]
    this.slots = grown
    this.head = 0
  }
}
