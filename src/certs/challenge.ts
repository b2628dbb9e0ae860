export type ChallengeType = 'tls-alpn-01' | 'http-01' | 'dns-01'

/** What an authority looks for as the proof of a name (RFC 8555 §8). */
export interface Challenge {
  readonly type: ChallengeType
  /** The host name that is proved, in lower-case ASCII, without the `*.` of a wildcard. */
  readonly name: string
  readonly token: string
  /** Token and thumbprint of the account's key (RFC 8555 §8.1). */
  readonly keyAuthorization: string
}

/** Shows proofs to authorities. Several of one name may be shown at once. */
export interface ChallengeSolver {
  /** The kinds of proof that it can show for a name (`*.` for a wildcard), the best first; empty: none. */
  kindsFor(name: string): readonly ChallengeType[]
  /** Resolves when the authority can be told to look. Throws CertificateError UR_ACME_… or UR_DNS_…. */
  show(challenge: Challenge, signal: AbortSignal): Promise<void>
  /** Takes it away again, also when `show` failed. Never throws: what stays is logged. */
  remove(challenge: Challenge): Promise<void>
}

/** The shared memory of all nodes for challenges: any of them may be asked for the answer. */
export interface ChallengeStore {
  put(challenge: Challenge): Promise<void>
  remove(challenge: Challenge): Promise<void>
  /** For `http-01` with the token that was asked for; for `tls-alpn-01` with the name alone. */
  find(type: 'http-01' | 'tls-alpn-01', name: string, token: string | null): Promise<Challenge | null>
}
