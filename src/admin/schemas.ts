import { z } from 'zod'

// What the API answers. Each has a name of its own in /openapi.json.

const time = z.iso.datetime()
const id = (prefix: string) => z.string().meta({ description: `${prefix}…` })
const count = z.int().nonnegative()
const rate = z.number().nonnegative().meta({ description: 'Bytes a second, over the last seconds.' })
const nullable = <T extends z.ZodType>(schema: T, description: string) => schema.nullable().meta({ description })

export const Account = z
  .object({
    id: id('acc_'),
    name: z.string(),
    created_at: time,
    disabled_at: nullable(time, 'Null: it is not disabled.'),
  })
  .meta({ id: 'Account', description: 'Who tokens, names and usage belong to.' })

export const Token = z
  .object({
    id: id('tok_'),
    account_id: id('acc_'),
    name: z.string(),
    has_secret: z.boolean().meta({ description: 'False: its agents log in with certificates alone.' }),
    rights: nullable(z.record(z.string(), z.unknown()), 'Null: all rights.'),
    created_at: time,
    expires_at: nullable(time, 'Null: never.'),
    last_used_at: nullable(time, 'Up to a minute behind. Null: never.'),
    revoked_at: nullable(time, 'Null: it is not revoked.'),
  })
  .meta({ id: 'Token', description: 'A token with which agents log in, without its secret.' })

export const CreatedToken = Token.extend({
  token: z.string().meta({ description: 'The token itself. It is not shown again.' }),
}).meta({ id: 'CreatedToken' })

export const AgentCertificate = z
  .object({
    id: id('crt_'),
    token_id: id('tok_'),
    token_name: z.string(),
    account_id: id('acc_'),
    fingerprint: z.string().meta({ description: 'SHA-256 of its DER, hexadecimal.' }),
    serial: z.string().meta({ description: 'Hexadecimal.' }),
    created_at: time,
    expires_at: time,
    revoked_at: nullable(time, 'Null: it is not revoked.'),
  })
  .meta({ id: 'AgentCertificate', description: 'A certificate with which agents log in as one token.' })

export const CreatedAgentCertificate = AgentCertificate.extend({
  certificate: z.string().meta({ description: 'PEM.' }),
  authority: z.string().meta({ description: 'The certificate of the authority that signed it, PEM.' }),
}).meta({ id: 'CreatedAgentCertificate' })

export const AdminToken = z
  .object({
    id: id('adm_'),
    name: z.string(),
    scope: z.enum(['read', 'write']),
    created_at: time,
    expires_at: nullable(time, 'Null: never.'),
    last_used_at: nullable(time, 'Up to a minute behind. Null: never.'),
    revoked_at: nullable(time, 'Null: it is not revoked.'),
  })
  .meta({ id: 'AdminToken', description: 'A token of this API, without its secret.' })

export const CreatedAdminToken = AdminToken.extend({
  token: z.string().meta({ description: 'The token itself. It is not shown again.' }),
}).meta({ id: 'CreatedAdminToken' })

export const Reservation = z
  .object({
    id: id('res_'),
    account_id: id('acc_'),
    kind: z.enum(['subdomain', 'domain', 'port']),
    value: z.string(),
    created_at: time,
    proof: nullable(z.string(), 'What shows the ownership of a domain.'),
    verified_at: nullable(time, 'When the proof was last found.'),
    failing_since: nullable(time, 'Since when it is not found any more.'),
    state: z.enum(['reserved', 'unproved', 'proved', 'failing', 'lapsed']).meta({
      description:
        '`reserved`: a subdomain or port. Domains: how the proof stands; `lapsed`: the account has it no more.',
    }),
    lapses_at: nullable(time, '`failing`: when it lapses, unless the proof is back.'),
    records: z
      .array(z.object({ name: z.string(), type: z.string(), value: z.string() }))
      .readonly()
      .meta({ description: 'Domains: what their owner sets in DNS.' }),
    warning: nullable(z.string(), 'Why no tunnel can have it as the server is configured.'),
  })
  .meta({ id: 'Reservation', description: 'A name or port that one account alone may bind.' })

export const Session = z
  .object({
    id: z.string(),
    token_id: id('tok_'),
    token_name: z.string(),
    account_id: id('acc_'),
    remote: z.string().meta({ description: 'IP address that the agent came from first.' }),
    agent_version: z.string(),
    platform: z.string(),
    state: z.enum(['online', 'away', 'leaving']).meta({
      description: '`away`: without a connection, its visitors are held until it is back.',
    }),
    opened_at: time,
    carriers: count,
    rtt_ms: nullable(z.number(), 'Round trip to the agent.'),
    tunnels: count,
    streams: count.meta({ description: 'Open streams of visitors.' }),
    rate_in: rate,
    rate_out: rate,
  })
  .meta({ id: 'Session', description: 'An agent that is connected, or about to come back.' })

export const Tunnel = z
  .object({
    id: z.string(),
    session_id: z.string(),
    token_id: id('tok_'),
    account_id: id('acc_'),
    name: z.string(),
    kind: z.enum(['tcp', 'tls', 'http']),
    public_url: z.string(),
    bound_at: time,
    streams: count.meta({ description: 'Open streams of visitors.' }),
    connections: count.meta({ description: 'Streams since it was bound.' }),
    requests: count.meta({ description: '`http`: requests since it was bound.' }),
    bytes_in: count.meta({ description: 'From visitors, since it was bound.' }),
    bytes_out: count.meta({ description: 'To visitors, since it was bound.' }),
    rate_in: rate,
    rate_out: rate,
  })
  .meta({ id: 'Tunnel', description: 'A public address that is bound now.' })

export const Stream = z
  .object({
    id: z.string(),
    session_id: z.string(),
    tunnel_id: z.string(),
    visitor: nullable(z.string(), 'IP address and port; null for `http`, whose streams carry requests of many.'),
    opened_at: time,
    bytes_in: count,
    bytes_out: count,
  })
  .meta({ id: 'Stream', description: 'An open stream of a visitor.' })

export const TunnelHistory = z
  .object({
    id: id('tun_'),
    account_id: id('acc_'),
    token_id: id('tok_'),
    name: z.string(),
    kind: z.string(),
    address: z.string(),
    node: z.string().meta({ description: 'Name of the server that held it.' }),
    bound_at: time,
    unbound_at: nullable(time, 'Null: it is still bound.'),
    why: nullable(z.string(), 'Why it ended: a UR_… code or a word.'),
  })
  .meta({ id: 'TunnelHistory', description: 'A tunnel that is or was.' })

export const Usage = z
  .object({
    account_id: id('acc_'),
    day: z.iso.date().meta({ description: 'UTC.' }),
    connections: count,
    requests: count,
    bytes_in: count,
    bytes_out: count,
  })
  .meta({ id: 'Usage', description: 'What an account used on one day.' })

export const AuditEntry = z
  .object({
    id: id('aud_'),
    at: time,
    actor: z.string().meta({ description: 'Id of a token, or a word: `cli`, `server`.' }),
    action: z.string().meta({ description: 'Such as `token.create`.' }),
    object: z.string(),
    details: z.record(z.string(), z.unknown()).nullable(),
    address: nullable(z.string(), 'IP address of the actor.'),
  })
  .meta({ id: 'AuditEntry', description: 'Who did what.' })

const texts = z.record(z.string(), z.string())

export const Health = z
  .object({
    ready: z.boolean().meta({ description: 'Whether the server should get new visitors.' }),
    reasons: texts.meta({ description: 'Why not.' }),
    warnings: texts,
    version: z.string(),
    node: z.string(),
    domain: z.string(),
    database: z.string().meta({ description: 'Its file, or its address without the password.' }),
    started_at: time,
    sessions: count,
    tunnels: count,
    streams: count,
    rate_in: rate,
    rate_out: rate,
  })
  .meta({ id: 'Health', description: 'How the server is.' })

export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string().meta({ description: 'A stable code, see docs/errors.md.' }),
    detail: z.string(),
    retryable: z.boolean().meta({ description: 'The same request may succeed later.' }),
    errors: z
      .array(z.object({ field: z.string(), message: z.string() }))
      .optional()
      .meta({ description: 'What is wrong with which field.' }),
  })
  .meta({ id: 'Problem', description: 'RFC 9457.' })

export type Account = z.infer<typeof Account>
export type Token = z.infer<typeof Token>
export type CreatedToken = z.infer<typeof CreatedToken>
export type AgentCertificate = z.infer<typeof AgentCertificate>
export type CreatedAgentCertificate = z.infer<typeof CreatedAgentCertificate>
export type AdminToken = z.infer<typeof AdminToken>
export type CreatedAdminToken = z.infer<typeof CreatedAdminToken>
export type Reservation = z.infer<typeof Reservation>
export type Session = z.infer<typeof Session>
export type Tunnel = z.infer<typeof Tunnel>
export type Stream = z.infer<typeof Stream>
export type TunnelHistory = z.infer<typeof TunnelHistory>
export type Usage = z.infer<typeof Usage>
export type AuditEntry = z.infer<typeof AuditEntry>
export type Health = z.infer<typeof Health>
export type Problem = z.infer<typeof Problem>

/** A part of a list; `next` is the cursor of the part behind it, null at the end. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly next: string | null
}
