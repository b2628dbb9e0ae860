import type { ColumnType } from 'kysely'

/** UTC time as `2026-01-31T12:00:00.000Z`: sorts as text, reads the same from every database. */
export type Timestamp = string

/** Set when the row is made, never changed. */
type Fixed<T> = ColumnType<T, T, never>
/** Set when the row is made or left null, never changed. */
type FixedOrNull<T> = ColumnType<T | null, T | null | undefined, never>
/** Null at first. */
type Later<T> = ColumnType<T | null, T | null | undefined, T | null>

/** Who tokens, names and usage belong to. Accounts are disabled, never deleted: others refer to them. */
export interface AccountTable {
  /** `acc_` and 17 letters or digits; `acc_default` is there from the start. */
  readonly id: Fixed<string>
  readonly name: Fixed<string>
  readonly created_at: Fixed<Timestamp>
  readonly disabled_at: Later<Timestamp>
}

/** One agent credential. The token itself is never stored. */
export interface TokenTable {
  /** `tok_` and 17 letters or digits. */
  readonly id: Fixed<string>
  readonly account_id: Fixed<string>
  /** Unique among the tokens that are not revoked. */
  readonly name: Fixed<string>
  /** SHA-256 of the token, lower-case hex; a dash and the id for one that has certificates alone. */
  readonly hash: Fixed<string>
  /** JSON; null: all rights. */
  readonly rights: Later<string>
  readonly created_at: Fixed<Timestamp>
  readonly expires_at: FixedOrNull<Timestamp>
  readonly last_used_at: Later<Timestamp>
  readonly revoked_at: Later<Timestamp>
  /** 1, 2, 3 … in the order of revocation; null while the token is good. What watchers ask "since" with. */
  readonly revocation: Later<number>
  /**
   * Grows with each change of what tokens may do: of their rights, or of whether their account is disabled. Tokens of one
   * account may have the same. Null: never changed. What watchers ask "since" with.
   */
  readonly rights_change: Later<number>
}

/** What the visitors of a token moved on one day; one row for each of both. */
export interface TokenUsageTable {
  readonly token_id: Fixed<string>
  /** UTC, `2026-01-31`. */
  readonly day: Fixed<string>
  /** Both ways. */
  readonly bytes: number
}

/** One credential of the admin API. The token itself is never stored. */
export interface AdminTokenTable {
  /** `adm_` and 17 letters or digits. */
  readonly id: Fixed<string>
  /** One that is not revoked has a name of its own. */
  readonly name: Fixed<string>
  /** SHA-256 of the token, lower-case hex. */
  readonly hash: Fixed<string>
  readonly scope: Fixed<'read' | 'write'>
  readonly created_at: Fixed<Timestamp>
  readonly expires_at: FixedOrNull<Timestamp>
  readonly last_used_at: Later<Timestamp>
  readonly revoked_at: Later<Timestamp>
}

/** A name or port that one account alone may bind; (kind, value) is unique. */
export interface ReservationTable {
  /** `res_` and 17 letters or digits. */
  readonly id: Fixed<string>
  readonly account_id: Fixed<string>
  readonly kind: Fixed<'subdomain' | 'domain' | 'port'>
  /** Label, domain name, or port in decimal. */
  readonly value: Fixed<string>
  readonly created_at: Fixed<Timestamp>
  /** What shows the ownership of a domain. */
  readonly proof: FixedOrNull<string>
  /** When the proof was last found. */
  readonly verified_at: Later<Timestamp>
  /** Since when it is not found any more. */
  readonly failing_since: Later<Timestamp>
}

/** When each reservation changed last, given up ones too; only the order counts. */
export interface ReservationChangeTable {
  readonly reservation_id: Fixed<string>
  /** 1, 2, 3 … in the order of the changes. */
  readonly revision: number
}

/** One public address that was bound, for as long as it was. */
export interface TunnelHistoryTable {
  /** `tun_` and 17 letters or digits. */
  readonly id: Fixed<string>
  readonly account_id: Fixed<string>
  readonly token_id: Fixed<string>
  readonly name: Fixed<string>
  /** `tcp`, `tls`, `http` or `udp`. */
  readonly kind: Fixed<string>
  /** The public URL. */
  readonly address: Fixed<string>
  /** Name of the server that held it. */
  readonly node: Fixed<string>
  readonly bound_at: Fixed<Timestamp>
  readonly unbound_at: Later<Timestamp>
  /** Why it ended, a UR_… code or a word. */
  readonly why: Later<string>
}

/** What an account used on one day; one row for each of both. */
export interface UsageTable {
  readonly account_id: Fixed<string>
  /** UTC, `2026-01-31`. */
  readonly day: Fixed<string>
  readonly connections: number
  readonly requests: number
  readonly bytes_in: number
  readonly bytes_out: number
}

/** Who did what; only added to, and pruned by age. */
export interface AuditTable {
  /** Sorts by time, see `AuditRepository`. */
  readonly id: Fixed<string>
  readonly at: Fixed<Timestamp>
  readonly actor: Fixed<string>
  readonly action: Fixed<string>
  readonly object: Fixed<string>
  /** JSON. */
  readonly details: FixedOrNull<string>
  /** IP address of the actor. */
  readonly address: FixedOrNull<string>
}

/** Certificates that were issued. */
export interface CertificateTable {
  /** What it was ordered for: its first name. */
  readonly name: Fixed<string>
  /** PEM, the leaf first. */
  readonly chain: string
  /** The private key, encrypted. */
  readonly key: string
  /** The directory (URL) of the authority that issued it. */
  readonly directory: string
  readonly issued_at: Timestamp
  readonly expires_at: Timestamp
  /** When the authority wants it to be renewed; null: it did not say. */
  readonly renew_at: Later<Timestamp>
  /** When the authority is to be asked that again. */
  readonly ask_at: Later<Timestamp>
  /** 1, 2, 3 … in the order of the changes. What servers ask "since" with. */
  readonly revision: number
}

/** Orders of certificates that failed since one last came, by what they are for. */
export interface CertificateFailureTable {
  readonly name: Fixed<string>
  /** How many, one after the other. */
  readonly failures: number
  readonly failed_at: Timestamp
  /** Before that, there is no other. */
  readonly next_at: Timestamp
  /** Of the last one: its UR_… code, and its message. */
  readonly code: string
  readonly message: string
}

/** Our accounts with certificate authorities. */
export interface AcmeAccountTable {
  /** URL of the authority's directory. */
  readonly directory: Fixed<string>
  /** URL of the account. */
  readonly url: string
  /** Its private key, encrypted. */
  readonly key: string
  readonly created_at: Timestamp
}

/** Proofs that authorities may ask any of the servers for. */
export interface AcmeChallengeTable {
  readonly type: Fixed<'tls-alpn-01' | 'http-01'>
  readonly name: Fixed<string>
  readonly token: Fixed<string>
  readonly key_authorization: Fixed<string>
  readonly shown_at: Fixed<Timestamp>
}

/** Who signs the certificates of agents; one row. */
export interface AgentAuthorityTable {
  readonly name: Fixed<string>
  /** PEM. */
  readonly certificate: Fixed<string>
  /** The private key, encrypted. */
  readonly key: string
  readonly created_at: Fixed<Timestamp>
}

/** Certificates with which agents log in. */
export interface AgentCertificateTable {
  /** `crt_` and 17 letters or digits. */
  readonly id: Fixed<string>
  readonly token_id: Fixed<string>
  /** SHA-256 of its DER, lower-case hex. */
  readonly fingerprint: Fixed<string>
  readonly serial: Fixed<string>
  readonly created_at: Fixed<Timestamp>
  readonly expires_at: Fixed<Timestamp>
  readonly revoked_at: Later<Timestamp>
  /** 1, 2, 3 … in the order of revocation. What watchers ask "since" with. */
  readonly revocation: Later<number>
}

/** Work that one server at a time may do. */
export interface LeaseTable {
  readonly name: Fixed<string>
  /** Of the process that does it. */
  readonly holder: string
  /** Grows while the holder is alive. */
  readonly beat: number
}

/** One row: the number of the newest migration that ran. */
export interface SchemaVersionTable {
  readonly version: number
}

/** Every table, as the newest migration leaves it. */
export interface Tables {
  readonly accounts: AccountTable
  readonly tokens: TokenTable
  readonly admin_tokens: AdminTokenTable
  readonly reservations: ReservationTable
  readonly reservation_changes: ReservationChangeTable
  readonly tunnels: TunnelHistoryTable
  readonly usage: UsageTable
  readonly token_usage: TokenUsageTable
  readonly audit: AuditTable
  readonly certificates: CertificateTable
  readonly certificate_failures: CertificateFailureTable
  readonly acme_accounts: AcmeAccountTable
  readonly acme_challenges: AcmeChallengeTable
  readonly leases: LeaseTable
  readonly agent_authorities: AgentAuthorityTable
  readonly agent_certificates: AgentCertificateTable
  readonly schema_version: SchemaVersionTable
}
