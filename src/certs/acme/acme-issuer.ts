import type { Logger } from '../../core/logger.js'
import type { ChallengeSolver } from '../challenge.js'
import { IssueError } from '../issue-error.js'
import type { IssuedCertificate, Issuer, IssueRequest, RenewalWindow } from '../issuer.js'
import { acmeClient } from './acme-client.js'
import { AccountKeeper, newKeyPem, type Account, type AccountStore } from './account.js'
import { Caller, readDirectory, type CallerOptions } from './caller.js'
import { checkedChain, preferredChain } from './chain.js'
import type { Directory } from './messages.js'
import { placeOrder } from './order.js'
import { isProblem } from './problems.js'
import { certificateId, readRenewalWindow } from './renewal-info.js'
import { withDeadline } from './time.js'
import { Transport } from './transport.js'

const DEFAULTS = { deadlineMs: 300_000, connectTimeoutMs: 15_000, answerTimeoutMs: 60_000, pollMs: 400 }

export interface AcmeIssuerOptions {
  /** URL of the directory: https, or http on loopback. */
  readonly directory: string
  /** PEM of the CAs that the server of the directory is verified with, instead of those of Node; null: those of Node. */
  readonly ca: string | null
  /** null: the authority gets no address to write to. */
  readonly email: string | null
  /** Key id and HMAC key (base64url) of the external account binding; null: none. */
  readonly eab: { readonly kid: string; readonly hmacKey: string } | null
  /** Common name of the issuer of the last certificate in the chain that is wanted; null: the authority chooses. */
  readonly preferredChain: string | null
  readonly termsAgreed: boolean
  readonly solver: ChallengeSolver
  readonly accounts: AccountStore
  readonly log: Logger
  /** The time of day. */
  readonly now?: () => Date
  /** Time for a certificate from order to download, ms. Default: 5 minutes. */
  readonly deadlineMs?: number
  /** Time until a connection to the authority has its TLS, ms. Default: 15 s. */
  readonly connectTimeoutMs?: number
  /** Time until an answer of the authority is whole, ms. Default: 60 s. */
  readonly answerTimeoutMs?: number
  /** The first wait for the authority to look at a proof, ms; it grows to 5 s. Default: 400 ms. */
  readonly pollMs?: number
}

/** Certificates from one ACME directory (RFC 8555). Any number may be asked for at once. */
export class AcmeIssuer implements Issuer {
  readonly directory: string
  readonly #options: AcmeIssuerOptions & typeof DEFAULTS
  readonly #transport: Transport
  readonly #caller: CallerOptions
  readonly #accounts: AccountKeeper
  readonly #now: () => Date

  constructor(options: AcmeIssuerOptions) {
    const { directory, now = () => new Date(), ...rest } = options
    this.#options = { ...DEFAULTS, directory, ...rest }
    const { ca, eab, connectTimeoutMs, answerTimeoutMs, pollMs } = this.#options
    this.directory = directory
    this.#now = now
    this.#transport = new Transport({ directory, ca, connectTimeoutMs, answerTimeoutMs })
    this.#caller = { transport: this.#transport, eab, pollMs, now }
    this.#accounts = new AccountKeeper(this.#caller, this.#options)
    void acmeClient()
  }

  async issue(request: IssueRequest, signal: AbortSignal): Promise<IssuedCertificate> {
    return this.#within(`a certificate for ${request.names.join(', ')}`, signal, async (inner) => {
      const directory = await readDirectory(this.#transport, this.#now(), inner)
      const account = await this.#accounts.get(directory, inner)
      try {
        return await this.#issue(request, directory, account, inner)
      } catch (error) {
        if (!isProblem(error, 'accountDoesNotExist')) throw error
        const renewed = await this.#accounts.renew(account, directory, inner)
        return this.#issue(request, directory, renewed, inner)
      }
    })
  }

  /** null also when another authority issued it. */
  async renewalWindow(chain: string, directory: string, signal: AbortSignal): Promise<RenewalWindow | null> {
    const id = directory === this.directory ? certificateId(chain) : null
    if (id === null) return null
    return this.#within('when to renew a certificate', signal, async (inner) => {
      const found = await readDirectory(this.#transport, this.#now(), inner)
      return readRenewalWindow(id, found, this.#transport, this.#now(), inner)
    })
  }

  async #issue(
    { names, replaces }: IssueRequest,
    directory: Directory,
    account: Account,
    signal: AbortSignal,
  ): Promise<IssuedCertificate> {
    const { solver, log, preferredChain: preferred } = this.#options
    const caller = await Caller.open(this.#caller, directory, account, signal)
    const key = await newKeyPem()
    const request = {
      names,
      // Another authority's it does not know.
      replaces: replaces?.directory === this.directory ? certificateId(replaces.chain) : null,
      csr: await newCsr(names, key),
    }
    const answer = await placeOrder(request, { caller, account, signal, solver, log, directory: this.directory })
    const asked = { tried: `a certificate for ${names.join(', ')}`, host: null }
    const { chain, found } = await preferredChain(answer, preferred, caller, asked)
    if (!found) log.warn({ names, preferred }, 'the authority has no chain from the issuer that is preferred')
    return {
      chain: checkedChain(chain, { key, names, now: this.#now() }, caller, asked),
      key,
      directory: this.directory,
    }
  }

  #within<T>(tried: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { deadlineMs } = this.#options
    const cameBack = `it was not done within ${Math.ceil(deadlineMs / 1000)} s`
    const late = (): Error => new IssueError('UR_ACME_TIMEOUT', tried, cameBack, { directory: this.directory })
    return withDeadline(signal, deadlineMs, late, work)
  }
}

/** A certificate signing request for a key (PEM), as DER in base64url. Without a common name: that has room for 64 characters only. */
async function newCsr(names: readonly string[], key: string): Promise<string> {
  const { crypto } = await acmeClient()
  const [, csr] = await crypto.createCsr({ altNames: [...names] }, key)
  return crypto.getPemBodyAsB64u(csr)
}
