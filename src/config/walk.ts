import { type Meta, metaOf } from './field.js'
import type { z } from 'zod'

/** Where a value stands: keys of groups and maps, positions in lists. */
export type KeyPath = readonly (string | number)[]

/** `listen.tls`, `certs.files[0].cert`, `tunnels.web.kind`. */
export function pathText(path: KeyPath): string {
  return path.map((key, i) => (typeof key === 'number' ? `[${key}]` : i === 0 ? key : `.${key}`)).join('')
}

/** A leaf of the schema together with the value that it has in one configuration. */
export interface Leaf {
  readonly schema: z.ZodType
  readonly path: KeyPath
  readonly meta: Meta
  readonly value: unknown
}

/** A copy of a parsed configuration with every leaf's value replaced by `change`'s answer. */
export function mapLeaves(
  schema: z.ZodType,
  value: unknown,
  change: (leaf: Leaf) => unknown,
  path: KeyPath = [],
): unknown {
  const meta = metaOf(schema)
  const { children, items } = meta
  if (children) {
    const group = value as Readonly<Record<string, unknown>>
    return Object.fromEntries(
      Object.entries(children).map(([key, child]) => [key, mapLeaves(child, group[key], change, [...path, key])]),
    )
  }
  if (items && Array.isArray(value)) return value.map((item, i) => mapLeaves(items, item, change, [...path, i]))
  if (items) {
    const entries = Object.entries(value as Readonly<Record<string, unknown>>)
    return Object.fromEntries(entries.map(([key, item]) => [key, mapLeaves(items, item, change, [...path, key])]))
  }
  return change({ schema, path, meta, value })
}

/** Every leaf of a parsed configuration, in the order of the schema. */
export function leavesOf(schema: z.ZodType, value: unknown): Leaf[] {
  const leaves: Leaf[] = []
  mapLeaves(schema, value, (leaf) => void leaves.push(leaf))
  return leaves
}

/** Every leaf key that the schema knows, list items and map entries left out. */
export function knownKeys(schema: z.ZodType, path: KeyPath = []): KeyPath[] {
  const { children } = metaOf(schema)
  if (!children) return [path]
  return Object.entries(children).flatMap(([key, child]) => knownKeys(child, [...path, key]))
}

/** The keys of the group that `path` leads to; empty when it leads to no group. */
export function keysAt(schema: z.ZodType, path: KeyPath): string[] {
  let meta = metaOf(schema)
  for (const key of path) {
    const next = meta.items ?? meta.children?.[key]
    if (!next) return []
    meta = metaOf(next)
  }
  return Object.keys(meta.children ?? {})
}
