import type { Standing } from '../names/index.js'
import type {
  AccountRecord,
  AdminTokenRecord,
  AgentCertificateRecord,
  AuditRecord,
  ReservationRecord,
  TokenRecord,
  TunnelRecord,
  UsageRecord,
} from '../store/index.js'
import type {
  Account,
  AdminToken,
  AgentCertificate,
  AuditEntry,
  Reservation,
  Token,
  TunnelHistory,
  Usage,
} from './schemas.js'

// Records of the database, as the API shows them.

const text = (time: Date | null): string | null => time?.toISOString() ?? null

export function accountOf({ id, name, createdAt, disabledAt }: AccountRecord): Account {
  return { id, name, created_at: createdAt.toISOString(), disabled_at: text(disabledAt) }
}

export function tokenOf(record: TokenRecord): Token {
  const { id, accountId, name, hasSecret, rights, createdAt, expiresAt, lastUsedAt, revokedAt } = record
  return {
    id,
    account_id: accountId,
    name,
    has_secret: hasSecret,
    rights,
    created_at: createdAt.toISOString(),
    expires_at: text(expiresAt),
    last_used_at: text(lastUsedAt),
    revoked_at: text(revokedAt),
  }
}

export function agentCertificateOf(record: AgentCertificateRecord): AgentCertificate {
  return {
    id: record.id,
    token_id: record.tokenId,
    token_name: record.tokenName,
    account_id: record.accountId,
    fingerprint: record.fingerprint,
    serial: record.serial,
    created_at: record.createdAt.toISOString(),
    expires_at: record.expiresAt.toISOString(),
    revoked_at: text(record.revokedAt),
  }
}

export function adminTokenOf(record: AdminTokenRecord): AdminToken {
  const { id, name, scope, createdAt, expiresAt, lastUsedAt, revokedAt } = record
  return {
    id,
    name,
    scope,
    created_at: createdAt.toISOString(),
    expires_at: text(expiresAt),
    last_used_at: text(lastUsedAt),
    revoked_at: text(revokedAt),
  }
}

export function reservationOf(record: ReservationRecord, standing: Standing): Reservation {
  const { id, accountId, kind, value, createdAt, proof, verifiedAt, failingSince } = record
  const { state, lapsesAt, records, warning } = standing
  return {
    id,
    account_id: accountId,
    kind,
    value,
    created_at: createdAt.toISOString(),
    proof,
    verified_at: text(verifiedAt),
    failing_since: text(failingSince),
    state,
    lapses_at: text(lapsesAt),
    records,
    warning,
  }
}

export function tunnelHistoryOf(record: TunnelRecord): TunnelHistory {
  const { id, accountId, tokenId, name, kind, address, node, boundAt, unboundAt, why } = record
  return {
    id,
    account_id: accountId,
    token_id: tokenId,
    name,
    kind,
    address,
    node,
    bound_at: boundAt.toISOString(),
    unbound_at: text(unboundAt),
    why,
  }
}

export function usageOf({ accountId, day, connections, requests, bytesIn, bytesOut }: UsageRecord): Usage {
  return { account_id: accountId, day, connections, requests, bytes_in: bytesIn, bytes_out: bytesOut }
}

export function auditEntryOf({ at, details, ...record }: AuditRecord): AuditEntry {
  return { ...record, at: at.toISOString(), details: details === null ? null : { ...details } }
}
