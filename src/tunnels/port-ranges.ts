/** Ports `from` to `to`, both included; `host`: the address to listen on, undefined for all. */
export interface PortRange {
  readonly from: number
  readonly to: number
  readonly host?: string | undefined
}

/** The public TCP ports that tunnels may have: ranges seen as one row. */
export class PortRanges {
  /** How many ports there are. */
  readonly size: number
  readonly #ranges: readonly PortRange[]

  constructor(ranges: readonly PortRange[]) {
    this.#ranges = ranges
    this.size = ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0)
  }

  /** The range that a port is in. */
  find(port: number): PortRange | undefined {
    return this.#ranges.find(({ from, to }) => port >= from && port <= to)
  }

  /** The port at a place of the row, 0 <= index < size. */
  at(index: number): number {
    let left = index
    for (const { from, to } of this.#ranges) {
      if (left <= to - from) return from + left
      left -= to - from + 1
    }
    throw new RangeError(`there is no port at ${index}`)
  }

  toString(): string {
    return this.#ranges.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(', ')
  }
}
