import type { DiffLine } from '../contract.js'

/** Added and removed lines up to which the shortest difference is looked for; beyond, what differs is shown as a block. */
const MOST_EDITS = 1_000
/** Lines that are the same on both sides of a change. */
const CONTEXT = 3
/** Lines that are told at all. */
const MOST_LINES = 2_000

/**
 * What makes `after` of `before`, by lines: the shortest difference (Myers, 1986) where it is short, with three lines
 * around each change. Takes at most O(lines + 1000²) time.
 */
export function diffLines(before: string, after: string): DiffLine[] {
  const a = before.split('\n')
  const b = after.split('\n')
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let end = 0
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end++
  const middleA = a.slice(start, a.length - end)
  const middleB = b.slice(start, b.length - end)
  const changed = script(middleA, middleB) ?? [...marked('removed', middleA), ...marked('added', middleB)]
  return shortened([...marked('same', a.slice(0, start)), ...changed, ...marked('same', a.slice(a.length - end))])
}

function marked(change: DiffLine['change'], lines: readonly string[]): DiffLine[] {
  return lines.map((text) => ({ change, text }))
}

/** Null: it would be longer than `MOST_EDITS`. */
function script(a: readonly string[], b: readonly string[]): DiffLine[] | null {
  const most = Math.min(a.length + b.length, MOST_EDITS)
  const furthest = new Int32Array(2 * most + 3)
  const at = (diagonal: number): number => diagonal + most + 1
  const trace: Int32Array[] = []
  for (let edits = 0; edits <= most; edits++) {
    trace.push(furthest.slice(at(-edits) - 1, at(edits) + 2))
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      const down =
        diagonal === -edits || (diagonal !== edits && furthest[at(diagonal - 1)]! < furthest[at(diagonal + 1)]!)
      let x = down ? furthest[at(diagonal + 1)]! : furthest[at(diagonal - 1)]! + 1
      while (x < a.length && x - diagonal < b.length && a[x] === b[x - diagonal]) x++
      furthest[at(diagonal)] = x
      if (x >= a.length && x - diagonal >= b.length) return backtrack(a, b, trace)
    }
  }
  return null
}

/** `trace[n]` has how far each diagonal from -n-1 to n+1 had come before the edit number n. */
function backtrack(a: readonly string[], b: readonly string[], trace: readonly Int32Array[]): DiffLine[] {
  const lines: DiffLine[] = []
  let x = a.length
  let y = b.length
  for (let edits = trace.length - 1; edits >= 0; edits--) {
    const reached = (diagonal: number): number => trace[edits]![diagonal + edits + 1]!
    const diagonal = x - y
    const down = diagonal === -edits || (diagonal !== edits && reached(diagonal - 1) < reached(diagonal + 1))
    const from = down ? diagonal + 1 : diagonal - 1
    const fromX = edits === 0 ? 0 : reached(from)
    const fromY = edits === 0 ? 0 : fromX - from
    while (x > fromX && y > fromY && a[x - 1] === b[y - 1]) {
      lines.push({ change: 'same', text: a[--x]! })
      y--
    }
    if (edits === 0) break
    lines.push(down ? { change: 'added', text: b[--y]! } : { change: 'removed', text: a[--x]! })
  }
  return lines.reverse()
}

/** Leaves out what is the same and far from any change, and what is too much. */
function shortened(lines: readonly DiffLine[]): DiffLine[] {
  const near = new Uint8Array(lines.length)
  for (const [i, { change }] of lines.entries()) {
    if (change !== 'same') near.fill(1, Math.max(0, i - CONTEXT), i + CONTEXT + 1)
  }
  const shown: DiffLine[] = []
  let skipped = 0
  const tellSkipped = (): void => {
    if (skipped > 0) shown.push({ change: 'skipped', text: String(skipped) })
    skipped = 0
  }
  for (const [i, line] of lines.entries()) {
    if (!near[i] || shown.length >= MOST_LINES) {
      skipped++
      continue
    }
    tellSkipped()
    shown.push(line)
  }
  tellSkipped()
  return shown
}
