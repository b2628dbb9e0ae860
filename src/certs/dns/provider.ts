/** Whoever holds the zone of our names: where dns-01 proofs and our own records are written. */
export interface DnsProvider {
  /** As in the configuration, for logs. */
  readonly name: string
  /**
   * Adds a TXT record, beside those that are there; having it already is no error. `name` is absolute, in lower case,
   * without the last dot. Throws CertificateError UR_DNS_….
   */
  addTxt(name: string, value: string, signal: AbortSignal): Promise<void>
  /** Takes this one record away; not having it is no error. Throws as `addTxt` does. */
  removeTxt(name: string, value: string, signal: AbortSignal): Promise<void>
  /** How many TXT values of one name it keeps at once; null: any number. */
  readonly concurrentValues: number | null
  /**
   * The name whose TXT record it writes, whatever `name` says: `_acme-challenge` of the names has to lead there by
   * CNAME. null: it writes at `name`.
   */
  readonly delegation: string | null
  /** null: it can only write the records of proofs. */
  readonly records: RecordEditor | null
}

/** Address records of our own names. */
export interface RecordEditor {
  /**
   * Makes these the only A, AAAA and CNAME records of a name (a wildcard as `*.example.com`); writes nothing when
   * they are. Resolves with what was changed, for logs. Throws CertificateError UR_DNS_….
   */
  replace(name: string, records: readonly AddressRecord[], signal: AbortSignal): Promise<readonly string[]>
}

export interface AddressRecord {
  readonly type: 'A' | 'AAAA' | 'CNAME'
  /** An address, or a host name without the last dot. */
  readonly value: string
}
