import { generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'
import type { Logger } from '../../core/logger.js'
import { IssueError } from '../issue-error.js'
import { Caller, type CallerOptions } from './caller.js'
import type { Directory } from './messages.js'
import { abortable } from './time.js'

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
  #current: Promise<Account> | null = null

  constructor(caller: CallerOptions, options: AccountOptions) {
    this.#caller = caller
    this.#options = options
  }

  /** Throws IssueError UR_ACME_EAB, UR_ACME_TERMS, UR_ACME_CONTACT and others, and what `signal` was aborted with. */
  get(directory: Directory, signal: AbortSignal): Promise<Account> {
    this.#current ??= this.#keep(this.#load(directory))
    return abortable(this.#current, signal)
  }

  /** The authority does not know `lost` any more: makes the account anew, with the same key. */
  async renew(lost: Account, directory: Directory, signal: AbortSignal): Promise<Account> {
    const found = this.get(directory, signal)
    const seen = this.#current
    const account = await found
    if (account !== lost) return account
    if (this.#current === seen) {
      this.#options.log.warn({ directory: this.#name }, 'the authority has lost our account: it is made anew')
      this.#current = this.#keep(this.#register(directory, lost.keyPem))
    }
    return this.get(directory, signal)
  }

  get #name(): string {
    return this.#caller.transport.directory
  }

  /** A failure is not kept: who asks next tries again. */
  #keep(account: Promise<Account>): Promise<Account> {
    account.catch(() => {
      if (this.#current === account) this.#current = null
    })
    return account
  }

  async #load(directory: Directory): Promise<Account> {
    return (await this.#options.accounts.load(this.#name)) ?? (await this.#register(directory, await newKeyPem()))
  }

  /** RFC 8555 §7.3. Finds the account of a key that the authority knows. */
  async #register(directory: Directory, keyPem: string): Promise<Account> {
    const { email, termsAgreed, accounts, log } = this.#options
    const { eab } = this.#caller
    const asked = { tried: 'an account', host: null }
    const { termsOfService, externalAccountRequired } = directory.meta ?? {}
    // Whoever waits for it may give up; it is made for all of them, and the transport bounds each of its waits.
    const caller = await Caller.open(this.#caller, directory, { keyPem, url: null }, new AbortController().signal)
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
