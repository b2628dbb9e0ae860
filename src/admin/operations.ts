import type { Rights } from '../store/index.js'
import type { PageRequest } from './cursors.js'
import type {
  Account,
  AdminToken,
  AgentCertificate,
  AuditEntry,
  CreatedAdminToken,
  CreatedAgentCertificate,
  CreatedToken,
  Page,
  Reservation,
  Token,
  TunnelHistory,
  Usage,
} from './schemas.js'

/** What a new token of agents is given; `account` is an id or a name. */
export interface NewToken {
  readonly name: string
  readonly account?: string | undefined
  readonly expires_at?: string | undefined
  /** Default: all rights. */
  readonly rights?: Rights | null | undefined
}

/** What a token is given. A right that is null, and rights that are null as a whole, are lifted. */
export interface TokenChange {
  readonly rights: Rights | null
}

/** A certificate of a new token, which has a `name` and no secret; or one more of the `token` of this id or name. */
export interface NewAgentCertificate extends Omit<NewToken, 'name' | 'expires_at'> {
  readonly name?: string | undefined
  readonly token?: string | undefined
  /** What is certified: ECDSA on P-256, as PEM (SPKI). Whoever has the private key keeps it. */
  readonly public_key: string
  readonly expires_at: string
}

export interface NewAdminToken {
  readonly name: string
  readonly scope: 'read' | 'write'
  readonly expires_at?: string | undefined
}

export interface NewReservation {
  readonly account?: string | undefined
  readonly kind: Reservation['kind']
  readonly value: string
}

/** `account` is an id or a name. */
export interface OfAccount extends PageRequest {
  readonly account?: string | undefined
}

/** Days from `from` to `to`, both included, each `2026-01-31`. */
export interface UsageRequest extends OfAccount {
  readonly from: string
  readonly to: string
}

/**
 * What can be asked and ordered of a server, whether it is the one that runs (`ApiClient`) or its database alone
 * (`StoreOperations`). Tokens, accounts and reservations (or ports) are named by id or name. Every change leaves an entry in the audit log.
 * Throws what the store's repositories throw.
 */
export interface Operations {
  accounts(page: PageRequest): Promise<Page<Account>>
  account(idOrName: string): Promise<Account>
  createAccount(name: string): Promise<Account>
  disableAccount(idOrName: string): Promise<Account>
  enableAccount(idOrName: string): Promise<Account>

  tokens(page: PageRequest): Promise<Page<Token>>
  token(idOrName: string): Promise<Token>
  createToken(token: NewToken): Promise<CreatedToken>
  /** Throws ConfigError UR_RIGHTS_INVALID too. */
  updateToken(idOrName: string, change: TokenChange): Promise<Token>
  revokeToken(idOrName: string): Promise<Token>

  agentCertificates(page: PageRequest): Promise<Page<AgentCertificate>>
  /** Throws ConfigError UR_AGENT_CERT_KEY, UR_RIGHTS_INVALID; CertificateError UR_VAULT_…. */
  createAgentCertificate(certificate: NewAgentCertificate): Promise<CreatedAgentCertificate>
  /** By its id. Throws RefusedError UR_AGENT_CERT_NOT_FOUND. */
  revokeAgentCertificate(id: string): Promise<AgentCertificate>

  adminTokens(page: PageRequest): Promise<Page<AdminToken>>
  createAdminToken(token: NewAdminToken): Promise<CreatedAdminToken>
  revokeAdminToken(idOrName: string): Promise<AdminToken>

  reservations(page: OfAccount): Promise<Page<Reservation>>
  reservation(idOrName: string): Promise<Reservation>
  reserve(reservation: NewReservation): Promise<Reservation>
  release(idOrName: string): Promise<void>

  tunnelHistory(page: OfAccount): Promise<Page<TunnelHistory>>
  usage(request: UsageRequest): Promise<Page<Usage>>
  audit(page: PageRequest): Promise<Page<AuditEntry>>
}
