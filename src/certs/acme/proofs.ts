import type { Logger } from '../../core/logger.js'
import type { Challenge, ChallengeSolver, ChallengeType } from '../challenge.js'
import { IssueError } from '../issue-error.js'
import type { Caller, Asked } from './caller.js'
import { authorizationShape, type Authorization } from './messages.js'
import { problemError } from './problems.js'
import { abortable, inParallel, withDeadline } from './time.js'

/** Names of one order that are proved at once. */
const MAX_AT_ONCE = 8
/** How long authorizations that are not wanted any more may take to be given back, ms. */
const GIVE_BACK_MS = 10_000

export interface ProofOptions {
  readonly directory: string
  readonly solver: ChallengeSolver
  readonly log: Logger
}

/**
 * The proofs of the names of one order (RFC 8555 §7.5). All of them are tried, so that an error tells of every name that
 * failed, and those that are valid need not be proved again.
 */
export class Proofs {
  readonly #caller: Caller
  readonly #options: ProofOptions
  readonly #signal: AbortSignal
  /** Authorizations (URLs) that wait for a proof. */
  readonly #pending = new Set<string>()

  constructor(caller: Caller, options: ProofOptions, signal: AbortSignal) {
    this.#caller = caller
    this.#options = options
    this.#signal = signal
  }

  /** Throws IssueError, what the solver threw, and what the signal was aborted with. */
  async prove(authorizations: readonly string[]): Promise<void> {
    const failures: unknown[] = []
    await inParallel(authorizations, MAX_AT_ONCE, async (url) => {
      try {
        await this.#proveOne(url)
      } catch (error) {
        failures.push(error)
      }
    })
    this.#signal.throwIfAborted()
    if (failures.length > 0) throw together(failures)
  }

  /**
   * Deactivates what waits for a proof (RFC 8555 §7.5.2): authorities count those against a limit of their own. Never
   * throws.
   */
  async giveBack(account: { readonly keyPem: string; readonly url: string }): Promise<void> {
    const { log } = this.#options
    const urls = [...this.#pending]
    if (urls.length === 0) return
    try {
      await withDeadline(new AbortController().signal, GIVE_BACK_MS, late, async (signal) => {
        const caller = await this.#caller.under(signal, account)
        await inParallel(urls, MAX_AT_ONCE, async (url) => {
          await caller.post(url, { status: 'deactivated' }, { tried: 'the end of an authorization', host: null })
        })
      })
    } catch (error) {
      log.debug({ reason: (error as Error).message }, 'authorizations could not be given back')
    }
  }

  async #proveOne(url: string): Promise<void> {
    const authorization = await this.#caller.ask(authorizationShape, url, null, {
      tried: 'what proves a name',
      host: null,
    })
    const { status, identifier, wildcard } = authorization
    if (status === 'valid') return
    const host = identifier.value.toLowerCase()
    const name = wildcard === true && !host.startsWith('*.') ? `*.${host}` : host
    const asked = { tried: `a certificate for ${name}`, host: name }
    if (status !== 'pending') throw this.#refused(authorization, asked, null)
    this.#pending.add(url)
    const { challenge, token, type } = this.#choose(authorization, name, asked)
    const keyAuthorization = `${token}.${this.#caller.thumbprint}`
    const shown: Challenge = { type, name: host.replace(/^\*\./, ''), token, keyAuthorization }
    const { solver, log } = this.#options
    try {
      await abortable(solver.show(shown, this.#signal), this.#signal)
      log.debug({ host: name, challenge: type }, 'proof shown to a certificate authority')
      await this.#caller.post(challenge.url, {}, asked)
      const isDone = (now: Authorization): boolean => now.status !== 'pending'
      const proved = await this.#caller.poll(authorizationShape, url, asked, isDone)
      this.#pending.delete(url)
      if (proved.status !== 'valid') throw this.#refused(proved, asked, type)
    } finally {
      await solver.remove(shown)
    }
  }

  #choose({ challenges }: Authorization, name: string, asked: Asked): Choice {
    const kinds = this.#options.solver.kindsFor(name)
    for (const type of kinds) {
      const challenge = challenges.find((each) => each.type === type)
      if (challenge?.token !== undefined) return { challenge, token: challenge.token, type }
    }
    const offered = challenges.map(({ type }) => type).join(', ') || 'none'
    const cameBack = `it offers the challenges ${offered}, and we can answer ${kinds.join(', ') || 'none'} for this name`
    throw this.#caller.failure('UR_ACME_NO_PROOF', asked, cameBack)
  }

  #refused({ status, challenges }: Authorization, asked: Asked, type: ChallengeType | null): IssueError {
    const problem = challenges.find(({ error }) => error !== undefined)?.error
    const by = type === null ? '' : ` by ${type}`
    const tried = `${asked.tried}, which was to be proved${by}`
    const detail = `the authorization is ${status}`
    const context = { directory: this.#options.directory, host: asked.host, tried, isProof: true }
    return problemError(problem ?? { type: 'urn:ietf:params:acme:error:unauthorized', detail }, context)
  }
}

interface Choice {
  readonly challenge: { readonly url: string }
  readonly token: string
  readonly type: ChallengeType
}

/** One error that tells of all names that failed. */
function together(failures: readonly unknown[]): unknown {
  const [first, ...others] = failures
  const told = failures.filter((failure) => failure instanceof IssueError)
  if (others.length === 0 || !(first instanceof IssueError) || told.length < failures.length) return first
  const { code, directory, problem, status, detail, host, retryAfterMs } = first
  const subproblems = told.map((each) => ({
    host: each.host,
    problem: each.problem,
    detail: each.detail ?? each.message,
  }))
  const cameBack = subproblems
    .map((each) => `${each.host ?? 'one name'}: ${each.problem ?? ''} ${each.detail}`)
    .join('; ')
  return new IssueError(code, `the proofs of ${told.length} names`, cameBack.replace(/\.$/, ''), {
    directory,
    problem,
    status,
    detail,
    host,
    retryAfterMs,
    subproblems,
    cause: first,
  })
}

function late(): Error {
  return new Error(`the authority took longer than ${GIVE_BACK_MS} ms`)
}
