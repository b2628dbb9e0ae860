import { z } from 'zod'

/** How one value is read: `allowed` completes the sentence "write …"; `parse` gives `Rejected` for what is not allowed. */
export interface Value<T> {
  readonly allowed: string
  parse(raw: unknown): T | Rejected
}

/** Says which part of the raw value was not allowed. */
export class Rejected {
  constructor(readonly culprit: unknown) {}
}

/** What the schema says of a key besides its type. */
export interface KeyFacts {
  /** One sentence or two for docs/configuration.md. */
  readonly doc: string
  /** Whether SIGHUP puts a new value into effect. */
  readonly reload?: boolean
  /** The value must never be printed. */
  readonly secret?: boolean
  /** A file or folder: `~/` is the home folder, and a relative path is meant from the configuration file's folder. */
  readonly path?: boolean
  /** This version does not have the feature: 'key' for any value but the default, a function for some parsed values. */
  readonly later?: 'key' | ((value: never) => boolean)
  /** How the docs show a default that depends on the machine. */
  readonly defaultText?: string
}

/** All that is known of one schema node; leaves have `allowed`, sections `children`, lists and maps `items`. */
export interface Meta extends KeyFacts {
  readonly default?: unknown
  readonly required?: boolean
  readonly allowed?: string
  readonly children?: Readonly<Record<string, z.ZodType>>
  readonly items?: z.ZodType
}

const known = new WeakMap<z.ZodType, Meta>()

/** What was said of a node when it was built. */
export function metaOf(schema: z.ZodType): Meta {
  const meta = known.get(schema)
  if (!meta) throw new Error('not a schema of this room')
  return meta
}

function described<S extends z.ZodType>(schema: S, meta: Meta): S {
  known.set(schema, meta)
  return schema
}

function leaf<T, E>(value: Value<T>, meta: Meta, whenAbsent: (parse: (raw: unknown) => T) => E) {
  const schema = z
    .unknown()
    .optional()
    .transform((raw, context): T | E => {
      const parse = (given: unknown): T => {
        const result = value.parse(given)
        if (!(result instanceof Rejected)) return result
        const shown = meta.secret ? 'the value' : JSON.stringify(result.culprit)
        context.addIssue({ code: 'custom', input: raw, message: `${shown} is not allowed; write ${value.allowed}` })
        return z.NEVER
      }
      if (raw !== undefined && raw !== null) return parse(raw)
      if (!meta.required) return whenAbsent(parse)
      context.addIssue({ code: 'custom', input: raw, message: `is missing; write ${value.allowed}` })
      return z.NEVER
    })
  return described(schema, { ...meta, allowed: value.allowed })
}

/** A key with a default, written as a user would write it in the file. */
export function field<T>(value: Value<T>, facts: KeyFacts & { readonly default: unknown }) {
  return leaf<T, T>(value, facts, (parse) => parse(facts.default))
}

/** A key that may be absent; then its value is null. */
export function optional<T>(value: Value<T>, facts: KeyFacts) {
  return leaf<T, null>(value, facts, () => null)
}

/** A key that must be there (inside a list item or a map entry). */
export function required<T>(value: Value<T>, facts: KeyFacts) {
  return leaf<T, never>(value, { ...facts, required: true }, () => z.NEVER)
}

/** A group of keys; unknown ones are errors. An empty group (`limits:` and nothing below) is an absent one. */
export function section<S extends Record<string, z.ZodType>>(doc: string, children: S) {
  const schema = z.preprocess((raw) => raw ?? {}, z.strictObject(children, { error: expected('keys and values') }))
  return described(schema, { doc, children })
}

/** A list of groups. */
export function list<S extends z.ZodType>(items: S, facts: KeyFacts) {
  const schema = z.preprocess((raw) => raw ?? [], z.array(items, { error: expected('a list, each item after a dash') }))
  return described(schema, { ...facts, items })
}

/** Names of the user's choice, each with a group. */
export function map<S extends z.ZodType>(items: S, facts: KeyFacts) {
  const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/)
  const schema = z.preprocess((raw) => raw ?? {}, z.record(name, items, { error: expected('names, each with keys') }))
  return described(schema, { ...facts, items })
}

function expected(what: string): z.core.$ZodErrorMap {
  return (issue) =>
    issue.code === 'invalid_type' ? `${JSON.stringify(issue.input)} is not allowed; write ${what}` : undefined
}
