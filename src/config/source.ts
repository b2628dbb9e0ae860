import { homedir } from 'node:os'
import { isMap, isScalar, LineCounter, parseDocument, type Document, type ParsedNode } from 'yaml'
import { ConfigError } from '../core/errors.js'
import type { KeyPath } from './walk.js'

/** A value from a flag or the environment that wins over the file. Later ones win over earlier ones. */
export interface Override {
  readonly path: readonly string[]
  readonly value: unknown
  /** How a message names it: `--server`, `UNIROUTE_SERVER`. */
  readonly origin: string
}

/** Raw values with the knowledge of where each was written. */
export interface Source {
  readonly raw: unknown
  /** Where a value (or its key) stands. */
  locate(path: KeyPath): Located
}

export interface Located {
  /** 'file:line:column', or the flag or variable that set the value. */
  readonly place: string
  readonly order: number
  /** The place is a flag or variable for this very key, which needs no naming beside it. */
  readonly named?: true
}

/**
 * Reads YAML text.
 * @throws ConfigError UR_CONFIG_SYNTAX with line and column
 */
export function yamlSource(text: string, name: string): Source {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, version: '1.2', prettyErrors: false })
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset)
    return `${name}:${line}:${col}`
  }
  const problem = document.errors[0] ?? document.warnings[0]
  if (problem) {
    throw new ConfigError(
      'UR_CONFIG_SYNTAX',
      `${place(problem.pos[0])}: not valid YAML: ${firstLine(problem.message)}`,
      {
        cause: problem,
      },
    )
  }
  return {
    raw: toPlain(document, name),
    locate(path) {
      const offset = offsetOf(document, path)
      return { place: offset === null ? name : place(offset), order: offset ?? 0 }
    },
  }
}

/** Values without a file, such as those of `uniroutd dev`. */
export function plainSource(raw: unknown, name: string): Source {
  return { raw, locate: () => ({ place: name, order: 0 }) }
}

/** A source in which flags and variables win over what is below. */
export function withOverrides(source: Source, overrides: readonly Override[]): Source {
  if (overrides.length === 0) return source
  const raw: unknown = structuredClone(source.raw ?? {})
  const origins = new Map<string, string>()
  for (const { path, value, origin } of overrides) {
    if (isGroup(raw)) put(raw, path, value)
    origins.set(path.join('\0'), origin)
  }
  return {
    raw,
    locate(path) {
      for (let length = path.length; length > 0; length--) {
        const origin = origins.get(path.slice(0, length).join('\0'))
        if (origin !== undefined) return { place: origin, order: -1, ...(length === path.length && { named: true }) }
      }
      return source.locate(path)
    },
  }
}

/** `~/x` → a path below the home folder; anything else unchanged. */
export function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? homeFolder() + path.slice(1) : path
}

/** The user's home folder; the root for one that has none (no HOME, and no entry in /etc/passwd), as in some containers. */
export function homeFolder(): string {
  try {
    return homedir()
  } catch {
    return '/'
  }
}

function put(group: Record<string, unknown>, [key, ...rest]: readonly string[], value: unknown): void {
  if (key === undefined) return
  if (rest.length === 0) {
    group[key] = value
    return
  }
  const inner = group[key]
  const next = isGroup(inner) ? inner : {}
  group[key] = next
  put(next, rest, value)
}

function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function toPlain(document: Document.Parsed, name: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (cause) {
    throw new ConfigError('UR_CONFIG_SYNTAX', `${name}: not valid YAML: ${firstLine(String(cause))}`, { cause })
  }
}

/** The offset of the key that `path` ends with (of the item, in a list), or of the nearest one above it that was written. */
function offsetOf(document: Document.Parsed, path: KeyPath): number | null {
  for (let length = path.length; length > 0; length--) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true)
    const key = path[length - 1]
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isScalar(item.key) && String(item.key.value) === key)
      const node = pair?.key as ParsedNode | undefined
      if (node?.range) return node.range[0]
    } else {
      const node = document.getIn(path.slice(0, length), true) as ParsedNode | undefined
      if (node?.range) return node.range[0]
    }
  }
  return document.contents?.range[0] ?? null
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0] ?? message
}
