/** A certificate that is asked for. */
export interface IssueRequest {
  /** Host names in lower-case ASCII, a wildcard as `*.example.com`; at least one. */
  readonly names: readonly string[]
  /** The certificate that this one takes the place of: its chain (PEM), and who issued it; null: none (RFC 9773 §5). */
  readonly replaces: Pick<IssuedCertificate, 'chain' | 'directory'> | null
}

/** A certificate that was issued, with the key that was made for it. */
export interface IssuedCertificate {
  /** PEM, the leaf first. */
  readonly chain: string
  /** PEM (PKCS #8), ECDSA P-256. */
  readonly key: string
  /** The directory (URL) of the authority that issued it. */
  readonly directory: string
}

/** When an authority wants a certificate to be renewed (RFC 9773 §4.2). */
export interface RenewalWindow {
  readonly start: Date
  readonly end: Date
  /** After how long to ask again, ms. */
  readonly askAgainMs: number
}

/** One certificate authority, or several that are tried in order. */
export interface Issuer {
  /**
   * Gets a certificate: proves every name, and makes a new key. Takes seconds to minutes. Throws CertificateError
   * UR_ACME_… (an IssueError when the authority, or a proof, said no) and what `signal` was aborted with.
   */
  issue(request: IssueRequest, signal: AbortSignal): Promise<IssuedCertificate>
  /** null: the authority that issued this chain (PEM) says nothing about it. Throws as `issue` does. */
  renewalWindow(chain: string, directory: string, signal: AbortSignal): Promise<RenewalWindow | null>
}
