import { z } from 'zod'
import {
  byId,
  endpoint,
  type Endpoint,
  futureTime,
  idOrName,
  pageSchema,
  paging,
  pagingOfAccount,
} from '../endpoint.js'
import * as schemas from '../schemas.js'
import { spanOf } from '../usage-span.js'

/** The name of a new account or token; the store says more exactly what one may be. */
const name = z.string().min(1).max(64)

/** Looked into by the operations, whose errors name each key that is wrong. */
const rights = (description: string) => z.record(z.string(), z.unknown()).nullable().meta({ description })

const accounts: readonly Endpoint[] = [
  endpoint({
    method: 'GET',
    path: '/accounts',
    summary: 'Every account, oldest first',
    query: paging,
    response: pageSchema(schemas.Account),
    handle: ({ query }, { operations }) => operations.accounts(query),
  }),
  endpoint({
    method: 'POST',
    path: '/accounts',
    summary: 'Make an account',
    body: z.strictObject({ name }),
    status: 201,
    response: schemas.Account,
    errors: [409],
    handle: ({ body }, { operations }) => operations.createAccount(body.name),
  }),
  endpoint({
    method: 'GET',
    path: '/accounts/{id}',
    summary: 'One account',
    params: byId,
    response: schemas.Account,
    errors: [404],
    handle: ({ params }, { operations }) => operations.account(params.id),
  }),
  endpoint({
    method: 'POST',
    path: '/accounts/{id}/disable',
    summary: 'Disable an account; the sessions of its tokens end within 2 seconds',
    params: byId,
    response: schemas.Account,
    errors: [404],
    handle: ({ params }, { operations }) => operations.disableAccount(params.id),
  }),
  endpoint({
    method: 'POST',
    path: '/accounts/{id}/enable',
    summary: 'Enable an account that was disabled',
    params: byId,
    response: schemas.Account,
    errors: [404],
    handle: ({ params }, { operations }) => operations.enableAccount(params.id),
  }),
]

const tokens: readonly Endpoint[] = [
  endpoint({
    method: 'GET',
    path: '/tokens',
    summary: 'Every token of agents, revoked ones too, oldest first',
    query: paging,
    response: pageSchema(schemas.Token),
    handle: ({ query }, { operations }) => operations.tokens(query),
  }),
  endpoint({
    method: 'POST',
    path: '/tokens',
    summary: 'Make a token; it is shown this once',
    body: z.strictObject({
      name,
      account: idOrName.optional(),
      expires_at: futureTime.optional(),
      rights: rights('Default, and null: all rights.').optional(),
    }),
    status: 201,
    response: schemas.CreatedToken,
    errors: [404, 409],
    handle: ({ body }, { operations }) => operations.createToken(body),
  }),
  endpoint({
    method: 'GET',
    path: '/tokens/{id}',
    summary: 'One token',
    params: byId,
    response: schemas.Token,
    errors: [404],
    handle: ({ params }, { operations }) => operations.token(params.id),
  }),
  endpoint({
    method: 'PATCH',
    path: '/tokens/{id}',
    summary: 'Change the rights of a token; its sessions lose within 2 seconds what it may not have any more',
    params: byId,
    body: z.strictObject({
      rights: rights('A merge patch (RFC 7396): keys that are left out stay, null lifts a right, or all of them.'),
    }),
    response: schemas.Token,
    errors: [404, 409],
    handle: ({ params, body }, { operations }) => operations.updateToken(params.id, body),
  }),
  endpoint({
    method: 'DELETE',
    path: '/tokens/{id}',
    summary: 'Revoke a token; its sessions end within 2 seconds',
    params: byId,
    response: schemas.Token,
    errors: [404],
    handle: ({ params }, { operations }) => operations.revokeToken(params.id),
  }),
]

const agentCertificates: readonly Endpoint[] = [
  endpoint({
    method: 'GET',
    path: '/agent-certificates',
    summary: 'Every certificate with which agents log in, revoked ones too, oldest first',
    query: paging,
    response: pageSchema(schemas.AgentCertificate),
    handle: ({ query }, { operations }) => operations.agentCertificates(query),
  }),
  endpoint({
    method: 'POST',
    path: '/agent-certificates',
    summary: 'Certify the public key of an agent: of a new token without a secret, or of one that is there',
    body: z
      .strictObject({
        name: name.optional().meta({ description: 'Of the new token.' }),
        token: idOrName.optional().meta({ description: 'The token that is there; instead of `name`.' }),
        account: idOrName.optional(),
        rights: rights('Of a new token. Default, and null: all rights.').optional(),
        public_key: z.string().min(1).max(4_096).meta({ description: 'ECDSA on P-256, as PEM (SPKI).' }),
        expires_at: futureTime,
      })
      .refine((body) => (body.name === undefined) !== (body.token === undefined), {
        path: ['name'],
        error: 'give either name or token',
      })
      .refine((body) => body.name !== undefined || (body.account === undefined && body.rights === undefined), {
        path: ['token'],
        error: 'has an account and rights already; PATCH /tokens/{id} changes them',
      }),
    status: 201,
    response: schemas.CreatedAgentCertificate,
    errors: [404, 409],
    handle: ({ body }, { operations }) => operations.createAgentCertificate(body),
  }),
  endpoint({
    method: 'DELETE',
    path: '/agent-certificates/{id}',
    summary: 'Revoke a certificate; the sessions that were opened with it end within 2 seconds',
    params: byId,
    response: schemas.AgentCertificate,
    errors: [404],
    handle: ({ params }, { operations }) => operations.revokeAgentCertificate(params.id),
  }),
]

const adminTokens: readonly Endpoint[] = [
  endpoint({
    method: 'GET',
    path: '/admin-tokens',
    summary: 'Every token of this API, revoked ones too, oldest first',
    query: paging,
    response: pageSchema(schemas.AdminToken),
    handle: ({ query }, { operations }) => operations.adminTokens(query),
  }),
  endpoint({
    method: 'POST',
    path: '/admin-tokens',
    summary: 'Make a token of this API; it is shown this once',
    body: z.strictObject({
      name,
      scope: z.enum(['read', 'write']).default('read'),
      expires_at: futureTime.optional(),
    }),
    status: 201,
    response: schemas.CreatedAdminToken,
    errors: [409],
    handle: ({ body }, { operations }) => operations.createAdminToken(body),
  }),
  endpoint({
    method: 'DELETE',
    path: '/admin-tokens/{id}',
    summary: 'Revoke a token of this API',
    params: byId,
    response: schemas.AdminToken,
    errors: [404],
    handle: ({ params }, { operations }) => operations.revokeAdminToken(params.id),
  }),
]

const reservations: readonly Endpoint[] = [
  endpoint({
    method: 'GET',
    path: '/reservations',
    summary: 'Reserved names and ports, oldest first',
    query: pagingOfAccount,
    response: pageSchema(schemas.Reservation),
    errors: [404],
    handle: ({ query }, { operations }) => operations.reservations(query),
  }),
  endpoint({
    method: 'POST',
    path: '/reservations',
    summary: 'Reserve a name or port for an account',
    body: z.strictObject({
      account: idOrName.optional(),
      kind: z.enum(['subdomain', 'domain', 'port']),
      value: z.string().min(1).max(253),
    }),
    status: 201,
    response: schemas.Reservation,
    errors: [404, 409],
    handle: ({ body }, { operations }) => operations.reserve(body),
  }),
  endpoint({
    method: 'GET',
    path: '/reservations/{id}',
    summary: 'One reservation',
    params: byId,
    response: schemas.Reservation,
    errors: [404],
    handle: ({ params }, { operations }) => operations.reservation(params.id),
  }),
  endpoint({
    method: 'DELETE',
    path: '/reservations/{id}',
    summary: 'Give a reservation up',
    params: byId,
    status: 204,
    errors: [404],
    handle: ({ params }, { operations }) => operations.release(params.id),
  }),
]

const history: readonly Endpoint[] = [
  endpoint({
    method: 'GET',
    path: '/tunnel-history',
    summary: 'Tunnels that are or were, newest first',
    query: pagingOfAccount,
    response: pageSchema(schemas.TunnelHistory),
    errors: [404],
    handle: ({ query }, { operations }) => operations.tunnelHistory(query),
  }),
  endpoint({
    method: 'GET',
    path: '/usage',
    summary: 'What accounts used, by day, oldest first; days without use are left out',
    query: pagingOfAccount.extend({
      from: z.iso.date().optional().meta({ description: 'The first day, UTC. Default: 29 days before `to`.' }),
      to: z.iso.date().optional().meta({ description: 'The last day. Default: today.' }),
    }),
    response: pageSchema(schemas.Usage),
    errors: [404],
    handle: ({ query }, { operations }) => operations.usage({ ...query, ...spanOf(query.from, query.to) }),
  }),
  endpoint({
    method: 'GET',
    path: '/audit',
    summary: 'Who did what, newest first',
    query: paging,
    response: pageSchema(schemas.AuditEntry),
    handle: ({ query }, { operations }) => operations.audit(query),
  }),
]

/** What stands in the database. */
export const RECORDS: readonly Endpoint[] = [
  ...accounts,
  ...tokens,
  ...agentCertificates,
  ...adminTokens,
  ...reservations,
  ...history,
]
