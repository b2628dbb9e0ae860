import type { DiffEntry } from '../contract.js'

/** Differences that are told. */
const MOST_ENTRIES = 1_000

/** A number with more digits than JavaScript keeps, by its text. */
class LongNumber {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  toJSON(): string {
    return this.text
  }
}

const STRING_OR_NUMBER = /"(?:[^"\\]+|\\.)*"|-?\d[\d.eE+-]*/g
const LONG = '\u0000number:'

/** As JSON.parse, with numbers of more than 15 digits as they were written. Throws SyntaxError. */
export function parseJson(text: string): unknown {
  JSON.parse(text)
  let found = false
  const marked = text.replace(STRING_OR_NUMBER, (token) => {
    if (token.startsWith('"') || token.replace(/[eE].*$/, '').replace(/\D/g, '').length <= 15) return token
    found = true
    return JSON.stringify(LONG + token)
  })
  if (!found) return JSON.parse(text)
  return JSON.parse(marked, (_key, value: unknown) =>
    typeof value === 'string' && value.startsWith(LONG) ? new LongNumber(value.slice(LONG.length)) : value,
  )
}

/** A value on the way to those that are compared. */
interface Step {
  readonly parent: Step | null
  /** As in a JSON Pointer. */
  readonly part: string
  readonly depth: number
}

/**
 * What differs between two JSON values: keys are JSON Pointers (RFC 6901), arrays are compared by index. Whatever is at or
 * below one of `ignored` does not count. A part of a pointer that is `*` stands for every key or index.
 */
export function diffJson(before: unknown, after: unknown, ignored: readonly string[] = []): DiffEntry[] {
  const patterns = ignored.map((pointer) => pointer.split('/').slice(1))
  const deepest = Math.max(-1, ...patterns.map(({ length }) => length))
  const isIgnored = (step: Step | null): boolean => {
    if ((step?.depth ?? 0) > deepest) return false
    const path = pathTo(step)
    return patterns.some(
      (parts) => parts.length === path.length && parts.every((part, i) => part === '*' || part === path[i]),
    )
  }
  const entries: DiffEntry[] = []
  const stack: { step: Step | null; before: unknown; after: unknown }[] = [{ step: null, before, after }]
  for (let next = stack.pop(); next !== undefined && entries.length < MOST_ENTRIES; next = stack.pop()) {
    const { step, before: one, after: other } = next
    if (isIgnored(step)) continue
    if (isContainer(one) && isContainer(other) && Array.isArray(one) === Array.isArray(other)) {
      // the last one that is pushed comes first
      for (const name of keysOf(one, other).reverse()) {
        const below = { parent: step, part: escaped(name), depth: (step?.depth ?? 0) + 1 }
        stack.push({ step: below, before: member(one, name), after: member(other, name) })
      }
    } else if (!isSame(one, other)) entries.push(entryOf(step, one, other))
  }
  return entries
}

function entryOf(step: Step | null, before: unknown, after: unknown): DiffEntry {
  const change = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed'
  const key = pathTo(step).map((part) => `/${part}`)
  return { key: key.join(''), change, before: before ?? null, after: after ?? null }
}

function pathTo(step: Step | null): string[] {
  const path: string[] = []
  for (let at = step; at !== null; at = at.parent) path.push(at.part)
  return path.reverse()
}

type Container = Record<string, unknown> | unknown[]

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null && !(value instanceof LongNumber)
}

function isSame(one: unknown, other: unknown): boolean {
  return one instanceof LongNumber && other instanceof LongNumber ? one.text === other.text : one === other
}

function keysOf(one: Container, other: Container): string[] {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])]
}

function member(value: Container, name: string): unknown {
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined
}

function escaped(name: string): string {
  return name.replace(/~/g, '~0').replace(/\//g, '~1')
}
