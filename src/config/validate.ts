import { dirname, resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { z } from 'zod'
import type { Code } from '../core/error-codes.js'
import { ConfigError } from '../core/errors.js'
import type { Meta } from './field.js'
import type { ForeignWords } from './foreign.js'
import { nearest } from './nearest.js'
import { expandHome, type Source } from './source.js'
import { type KeyPath, keysAt, knownKeys, leavesOf, mapLeaves, pathText } from './walk.js'

/** One thing wrong with a configuration. */
export interface Problem {
  readonly code: Code
  readonly path: KeyPath
  readonly message: string
}

/**
 * Turns raw values into a typed configuration.
 * @param folder relative paths are meant from here
 * @param check rules that concern several keys
 * @param foreign how other programs call its keys
 * @throws ConfigError naming every problem, one a line, in the order of the file
 */
export function validate<S extends z.ZodType>(
  schema: S,
  source: Source,
  folder: string,
  check: (config: z.infer<S>) => Iterable<Problem>,
  foreign?: ForeignWords,
): z.infer<S> {
  const parsed = schema.safeParse(source.raw)
  if (!parsed.success)
    throw configError(
      source,
      parsed.error.issues.flatMap((issue) => problemsOf(schema, issue, foreign)),
    )
  const problems = [...unavailable(schema, parsed.data), ...check(parsed.data)]
  if (problems.length > 0) throw configError(source, problems)
  return mapLeaves(schema, parsed.data, ({ meta, value }) =>
    meta.path ? absolute(value, folder) : value,
  ) as z.infer<S>
}

/** A path, or several; anything else as it is. */
function absolute(value: unknown, folder: string): unknown {
  if (Array.isArray(value)) return value.map((each) => absolute(each, folder))
  return typeof value === 'string' ? resolve(folder, expandHome(value)) : value
}

/** The folder from which a file's relative paths are meant. */
export function folderOf(file: string | null): string {
  return file === null ? process.cwd() : dirname(resolve(file))
}

function problemsOf(schema: z.ZodType, issue: z.core.$ZodIssue, foreign: ForeignWords | undefined): Problem[] {
  const path = issue.path.filter((key): key is string | number => typeof key !== 'symbol')
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      code: 'UR_CONFIG_UNKNOWN_KEY',
      path: [...path, key],
      message: `unknown key; ${keyHint(schema, path, key, foreign)}`,
    }))
  }
  if (issue.code === 'invalid_key') {
    const message = 'not a usable name; write up to 63 letters, digits, dots, dashes and underscores'
    return [{ code: 'UR_CONFIG_VALUE', path, message }]
  }
  return [{ code: 'UR_CONFIG_VALUE', path, message: issue.message }]
}

function keyHint(schema: z.ZodType, group: KeyPath, key: string, foreign: ForeignWords | undefined): string {
  const translation = foreign?.key(key) ?? null
  return translation === null ? `the nearest known key is ${nearestKey(schema, group, key)}` : `here: ${translation}`
}

/** A key of (nearly) the same name in another group beats a less similar one beside it: `tls` at the top means `listen.tls`. */
function nearestKey(schema: z.ZodType, group: KeyPath, key: string): string {
  const beside = nearest(key, keysAt(schema, group))
  const keys = new Map(knownKeys(schema).map((path) => [path.at(-1) as string, path]))
  const elsewhere = nearest(key, keys.keys())
  if (elsewhere && elsewhere.distance <= 1 && elsewhere.distance < (beside?.distance ?? Number.POSITIVE_INFINITY)) {
    return pathText(keys.get(elsewhere.word) ?? [])
  }
  return pathText([...group, beside?.word ?? ''])
}

function unavailable(schema: z.ZodType, config: unknown): Problem[] {
  return leavesOf(schema, config)
    .filter(({ schema, meta: { later }, value }) => {
      if (value === null || later === undefined) return false
      return later === 'key' ? !isDeepStrictEqual(value, schema.parse(undefined)) : later(value as never)
    })
    .map(({ path, meta, value }) => ({
      code: 'UR_CONFIG_UNAVAILABLE',
      path,
      message: notInThisVersion(meta, value),
    }))
}

function notInThisVersion({ later, secret }: Meta, value: unknown): string {
  if (later === 'key') return 'is not available in this version; leave the key out'
  const what = secret ? 'this' : JSON.stringify(value)
  return `${what} is not available in this version; write another value, docs/configuration.md names them`
}

function configError(source: Source, problems: readonly Problem[]): ConfigError {
  const located = problems.map((problem) => ({ ...problem, ...source.locate(problem.path) }))
  located.sort((a, b) => a.order - b.order)
  const lines = located.map(({ place, path, named, message }) =>
    [place, ...(path.length > 0 && !named ? [pathText(path)] : []), message].join(': '),
  )
  return new ConfigError(located[0]?.code ?? 'UR_CONFIG_VALUE', lines.join('\n'))
}
