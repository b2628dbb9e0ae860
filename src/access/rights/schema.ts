import { z } from 'zod'
import { type HttpRules, nearest, parsePortRange } from '../../config/index.js'
import { ConfigError } from '../../core/errors.js'
import { printable } from '../../core/printable.js'
import { NamePattern } from './name-pattern.js'

/** Kinds of tunnels that a token may be given. */
export const RIGHTS_KINDS = ['tcp', 'tls', 'http'] as const

/** Visitor rules that can be demanded, by the names that they have in the agent's configuration. */
export const DEMANDABLE_RULES = {
  basic_auth: 'basicAuth',
  cidr_allow: 'cidrAllow',
  cidr_deny: 'cidrDeny',
  max_body: 'maxBody',
  rate: 'rate',
  rate_per_visitor: 'ratePerVisitor',
  circuit_breaker: 'circuitBreaker',
  verify_webhook: 'webhook',
  mutual_tls_ca: 'mutualTlsCa',
} as const satisfies Record<string, keyof HttpRules>

export type DemandableRule = keyof typeof DEMANDABLE_RULES

/** Most entries of one list. */
const MOST = 100

const text = (allowed: string, parse: (given: string) => string | null) =>
  z
    .union([z.string(), z.number()], { error: `is not allowed; write ${allowed}` })
    .transform((given, context): string => {
      const parsed = parse(String(given))
      if (parsed !== null) return parsed
      context.addIssue({ code: 'custom', message: `${quoted(given)} is not allowed; write ${allowed}` })
      return z.NEVER
    })

const listOf = <T extends z.ZodType>(items: T) =>
  z
    .array(items, { error: 'is not a list' })
    .min(1, 'is empty; leave it out to allow all, or revoke the token')
    .max(MOST, `has more than ${MOST} entries`)
    .readonly()
    .optional()

const bound = (least: number, most: number, whole = true) => {
  const allowed = `write a ${whole ? 'whole ' : ''}number from ${least} to ${most}`
  const number = z.number(`is no number; ${allowed}`).min(least, allowed).max(most, allowed)
  return (whole ? number.int(allowed) : number).optional()
}

const schema = z.strictObject(
  {
    kinds: listOf(
      z.enum(RIGHTS_KINDS, { error: ({ input }) => `${quoted(input)} is no kind; write tcp, tls or http` }),
    ),
    names: listOf(
      text(
        'a name such as db.example.com, *.example.com, shop or alice-*',
        (given) => NamePattern.parse(given)?.text ?? null,
      ),
    ),
    ports: listOf(text('a port or a range such as 20000-20100', portsText)),
    require_rules: listOf(
      text(`rules such as basic_auth, or several of which one is enough: basic_auth|cidr_allow`, rulesText),
    ),
    max_tunnels: bound(1, 1_000_000),
    max_sessions: bound(1, 1_000_000),
    max_streams: bound(1, 10_000_000),
    requests_per_second: bound(0.01, 1_000_000, false),
    bytes_per_day: bound(1, Number.MAX_SAFE_INTEGER),
    bytes_per_second: bound(1024, Number.MAX_SAFE_INTEGER),
    tunnel_bytes_per_second: bound(1024, Number.MAX_SAFE_INTEGER),
  },
  { error: (issue) => (issue.code === 'invalid_type' ? 'are no object with keys' : undefined) },
)

/** What a token may do, as it is stored and shown: a key that is left out limits nothing. */
export type RightsSpec = z.infer<typeof schema>

export type RightsKey = keyof RightsSpec

/** Every key that there is. */
export const RIGHTS_KEYS = Object.keys(schema.shape) as readonly RightsKey[]

/**
 * Rights in their one spelling. Throws ConfigError UR_RIGHTS_INVALID, which names every key that is wrong, one a line:
 * a key that is not known included, so that no limit is dropped in silence.
 */
export function parseRights(raw: unknown): RightsSpec {
  const parsed = schema.safeParse(raw)
  const problems = parsed.success ? [...conflicts(parsed.data)] : parsed.error.issues.flatMap(problemsOf)
  if (parsed.success && problems.length === 0) return parsed.data
  throw new ConfigError('UR_RIGHTS_INVALID', problems.join('\n'))
}

/** A tunnel without such rules would be a way around them. */
function* conflicts({ require_rules: rules, kinds }: RightsSpec): Generator<string> {
  if (rules === undefined) return
  const others = RIGHTS_KINDS.filter((kind) => kind !== 'http' && (kinds === undefined || kinds.includes(kind)))
  if (others.length === 0) return
  yield `require_rules: is for tunnels of kind http, and tunnels of kind ${others.join(' and ')} have no rules; allow only kind http beside it`
}

function problemsOf(issue: z.core.$ZodIssue): string[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const known = nearest(key, RIGHTS_KEYS)?.word ?? ''
      return `${printable(key.slice(0, 60))}: unknown key; the nearest known key is ${known}`
    })
  }
  const [key, index] = issue.path
  const place = key === undefined ? 'the rights' : `${String(key)}${index === undefined ? '' : `[${String(index)}]`}:`
  return [`${place} ${issue.message}`]
}

function portsText(given: string): string | null {
  const range = parsePortRange(given)
  if (range === undefined || range.host !== undefined || given.includes(':')) return null
  return range.from === range.to ? `${range.from}` : `${range.from}-${range.to}`
}

function rulesText(given: string): string | null {
  const rules = given.split('|').map((rule) => rule.trim().replaceAll('-', '_'))
  return rules.every((rule) => Object.hasOwn(DEMANDABLE_RULES, rule)) ? rules.join('|') : null
}

function quoted(value: unknown): string {
  return printable((JSON.stringify(value) ?? 'that').slice(0, 80))
}
