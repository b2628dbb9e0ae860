import { generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'
import type { Logger } from '../../core/logger.js'
import { IssueError } from '../issue-error.js'
import { Caller, type CallerOptions } from './caller.js'
import type { Directory } from './messages.js'
import { SharedWork } from './time.js'

/** An account with an authority. */
export interface Account {
  /** PEM (PKCS #8), ECDSA P-256. */
  readonly keyPem: string
  /** By which the authority knows it (`kid`, RFC 8555 §6.2). */
  readonly url: string
}

/** Where accounts outlive the process. What it throws goes to whoever asked for a certificate. */
export interface AccountStore {
  /** The account with the authority of this directory (URL); null: none yet. */
  load(directory: string): Promise<Account | null>
  /** In place of the one that is there. */
  save(directory: string, account: Account): Promise<void>
}

export interface AccountOptions {
  readonly accounts: AccountStore
  /** E-mail address that the authority may write to; null: none. */
  readonly email: string | null
  readonly termsAgreed: boolean
  readonly log: Logger
}

const newKeyPair = promisify(generateKeyPair)

/** A new private key, PEM (PKCS #8), ECDSA P-256. */
export async function newKeyPem(): Promise<string> {
  const { privateKey } = await newKeyPair('ec', { namedCurve: 'P-256' })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** The account with one authority: found, or made once, however many ask for it at a time. */
export class AccountKeeper {
  readonly #caller: CallerOptions
  readonly #options: AccountOptions
  #current: SharedWork<Account> | null = null

  constructor(caller: CallerOptions, options: AccountOptions) {
    this.#caller = caller
    this.#options = options
  }

  /** Throws IssueError UR_ACME_EAB, UR_ACME_TERMS, UR_ACME_CONTACT and others, and what `signal` was aborted with. */
  get(directory: Directory, signal: AbortSignal): Promise<Account> {
    return this.#work(directory).wait(signal)
  }

  /** The authority does not know `lost` any more: makes the account anew, with the same key. */
  async renew(lost: Account, directory: Directory, signal: AbortSignal): Promise<Account> {
    const seen = this.#work(directory)
    const account = await seen.wait(signal)
    if (account !== lost) return account
    if (this.#current === seen) {
      this.#options.log.warn({ directory: this.#name }, 'the authority has lost our account: it is made anew')
      this.#current = new SharedWork((shared) => this.#register(directory, lost.keyPem, shared))
    }
    return this.get(directory, signal)
  }

  get #name(): string {
    return this.#caller.transport.directory
  }

  /** A failure is not kept: who asks next tries again. */
  #work(directory: Directory): SharedWork<Account> {
    if (this.#current === null || this.#current.isOver) {
      this.#current = new SharedWork((shared) => this.#load(directory, shared))
    }
    return this.#current
  }

  async #load(directory: Directory, signal: AbortSignal): Promise<Account> {
    const known = await this.#options.accounts.load(this.#name)
    return known ?? this.#register(directory, await newKeyPem(), signal)
  }

  /** RFC 8555 §7.3. Finds the account of a key that the authority knows. */
  async #register(directory: Directory, keyPem: string, signal: AbortSignal): Promise<Account> {
    const { email, termsAgreed, accounts, log } = this.#options
    const { eab } = this.#caller
    const asked = { tried: 'an account', host: null }
    const { termsOfService, externalAccountRequired } = directory.meta ?? {}
    const caller = await Caller.open(this.#caller, directory, { keyPem, url: null }, signal)
    if (termsOfService !== undefined && !termsAgreed) {
      throw caller.failure('UR_ACME_TERMS', asked, `it has terms of service, ${termsOfService}`)
    }
    if (externalAccountRequired === true && eab === null) {
      throw caller.failure('UR_ACME_EAB', asked, 'its accounts need an external account binding, and none is set')
    }
    const payload = {
      ...(termsOfService === undefined ? {} : { termsOfServiceAgreed: true }),
      ...(email === null ? {} : { contact: [`mailto:${email}`] }),
    }
    try {
      const answer = await caller.post(directory.newAccount, payload, asked, true)
      const { location } = answer.headers
      if (location === undefined) throw caller.failure('UR_ACME_ANSWER', asked, 'no address of it came back')
      const account = { keyPem, url: location }
      await accounts.save(this.#name, account)
      log.info({ directory: this.#name, account: location }, 'account with a certificate authority')
      return account
    } catch (error) {
      throw eab === null ? error : asEabProblem(error, caller, asked)
    }
  }
}

/** Authorities call a wrong binding malformed, unauthorized or a server error of their own. */
function asEabProblem(error: unknown, caller: Caller, asked: { tried: string; host: null }): unknown {
  const isRefusal =
    error instanceof IssueError && (error.code === 'UR_ACME_REFUSED' || error.code === 'UR_ACME_ACCOUNT')
  if (!isRefusal) return error
  const said = error.detail ?? error.problem ?? 'no'
  return caller.failure('UR_ACME_EAB', asked, `it did not accept the external account binding: it said ${said}`, error)
}
