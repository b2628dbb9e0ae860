import { isDeepStrictEqual } from 'node:util'
import type { z } from 'zod'
import { Secret } from '../core/secret.js'
import { type AgentConfig, agentSchema } from './agent-schema.js'
import { metaOf } from './field.js'
import { type ServerConfig, serverSchema } from './server-schema.js'
import { leavesOf, mapLeaves, pathText } from './walk.js'

/** A plain copy that may be printed: every secret is `***`. */
export function redactServer(config: ServerConfig): Record<string, unknown> {
  return redact(serverSchema, config)
}

/** As `redactServer`, for an agent. */
export function redactAgent(config: AgentConfig): Record<string, unknown> {
  return redact(agentSchema, config)
}

/** The keys whose values differ, by whether SIGHUP puts them into effect. */
export interface ReloadDiff {
  readonly reloadable: readonly string[]
  readonly needsRestart: readonly string[]
}

/** Compares the running configuration with the one just read. A change inside a list names the list. */
export function diffReload(before: ServerConfig, after: ServerConfig): ReloadDiff {
  const [old, now] = [groupedLeaves(before), groupedLeaves(after)]
  const reloadable: string[] = []
  const needsRestart: string[] = []
  for (const [key, { values, reload }] of now) {
    if (isDeepStrictEqual(values, old.get(key)?.values)) continue
    ;(reload ? reloadable : needsRestart).push(key)
  }
  return { reloadable, needsRestart }
}

function redact(schema: z.ZodType, config: unknown): Record<string, unknown> {
  return mapLeaves(schema, config, ({ value }) => hidden(value)) as Record<string, unknown>
}

/** Secrets may stand inside a value: the passwords of `basic_auth`. */
function hidden(value: unknown): unknown {
  if (value instanceof Secret) return String(value)
  if (Array.isArray(value)) return value.map(hidden)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, hidden(inner)]))
}

/** The schema's keys outside of lists, each with all that stands below it, secrets in the clear (for comparison only). */
function groupedLeaves(config: ServerConfig): Map<string, { values: unknown[]; reload: boolean }> {
  const groups = new Map<string, { values: unknown[]; reload: boolean }>()
  const add = (schema: z.ZodType, value: unknown, path: string[]): void => {
    const { children, reload = false } = metaOf(schema)
    if (children) {
      const group = value as Readonly<Record<string, unknown>>
      for (const [key, child] of Object.entries(children)) add(child, group[key], [...path, key])
      return
    }
    const values = leavesOf(schema, value).map((leaf) => [
      pathText(leaf.path),
      leaf.value instanceof Secret ? leaf.value.reveal() : leaf.value,
    ])
    groups.set(path.join('.'), { values, reload })
  }
  add(serverSchema, config, [])
  return groups
}
