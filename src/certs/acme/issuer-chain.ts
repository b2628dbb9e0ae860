import type { Logger } from '../../core/logger.js'
import { IssueChainError, IssueError, type AcmeCode } from '../issue-error.js'
import type { IssuedCertificate, Issuer, IssueRequest, RenewalWindow } from '../issuer.js'

/** What another authority would find just so: the proof of the name. */
const SAME_ELSEWHERE: readonly AcmeCode[] = ['UR_ACME_CONNECTION', 'UR_ACME_DNS', 'UR_ACME_UNAUTHORIZED']

/** An authority in a chain. */
export interface NamedIssuer extends Issuer {
  /** URL of its directory. */
  readonly directory: string
}

/**
 * Several authorities, tried in order. The next one is asked when one failed in a way that another may not: it is
 * down, has a limit, does not want the name or us. Not when a name could not be proved.
 */
export class IssuerChain implements Issuer {
  readonly #issuers: readonly NamedIssuer[]
  readonly #log: Logger

  /** At least one. */
  constructor(issuers: readonly NamedIssuer[], log: Logger) {
    this.#issuers = issuers
    this.#log = log
  }

  /** Throws as the only one, or the one whose failure ends the matter, did; otherwise IssueChainError, with what all said. */
  async issue(request: IssueRequest, signal: AbortSignal): Promise<IssuedCertificate> {
    const failures: IssueError[] = []
    for (const [i, issuer] of this.#issuers.entries()) {
      try {
        return await issuer.issue(request, signal)
      } catch (error) {
        signal.throwIfAborted()
        if (!(error instanceof IssueError)) throw error
        failures.push(error)
        if (SAME_ELSEWHERE.includes(error.code)) break
        const next = this.#issuers[i + 1]?.directory
        // Of the last failure whoever ordered tells.
        if (next === undefined) break
        const { code, message: reason } = error
        const fields = { names: request.names, directory: issuer.directory, code, reason, next }
        this.#log.warn(fields, 'a certificate authority did not issue; the next one is asked')
      }
    }
    const [only] = failures
    throw failures.length === 1 && only !== undefined ? only : new IssueChainError(request.names, failures)
  }

  async renewalWindow(chain: string, directory: string, signal: AbortSignal): Promise<RenewalWindow | null> {
    const issuer = this.#issuers.find((each) => each.directory === directory)
    return (await issuer?.renewalWindow(chain, directory, signal)) ?? null
  }
}
