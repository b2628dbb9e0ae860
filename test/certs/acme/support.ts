import { createHash } from 'node:crypto'
import type { Test } from 'tap'
import { AcmeIssuer, type Account, type AccountStore, type AcmeIssuerOptions } from '../../../src/certs/acme/index.js'
import type { Challenge, ChallengeSolver, ChallengeType } from '../../../src/certs/challenge.js'
import { IssueError } from '../../../src/certs/issue-error.js'
import { silentLogger } from '../../../src/core/logger.js'
import type { Pebble } from '../../support/pebble.js'

/** Accounts in memory. */
export class Accounts implements AccountStore {
  readonly byDirectory = new Map<string, Account>()
  saved = 0

  async load(directory: string): Promise<Account | null> {
    return this.byDirectory.get(directory) ?? null
  }

  async save(directory: string, account: Account): Promise<void> {
    this.saved++
    this.byDirectory.set(directory, account)
  }
}

/** Notes what is shown and what is taken away. */
export class NotingSolver implements ChallengeSolver {
  readonly shown: Challenge[] = []
  readonly removed: Challenge[] = []

  constructor(
    readonly kinds: readonly ChallengeType[],
    readonly work: { show?(challenge: Challenge): Promise<void>; remove?(challenge: Challenge): Promise<void> } = {},
  ) {}

  kindsFor(): readonly ChallengeType[] {
    return this.kinds
  }

  async show(challenge: Challenge): Promise<void> {
    this.shown.push(challenge)
    await this.work.show?.(challenge)
  }

  async remove(challenge: Challenge): Promise<void> {
    this.removed.push(challenge)
    await this.work.remove?.(challenge)
  }
}

/** dns-01 (RFC 8555 §8.4) in the name server of pebble. `unproved`: names whose proof is not written. */
export function dnsSolver(pebble: Pebble, unproved: readonly string[] = []): NotingSolver {
  const written = new Map<string, number>()
  return new NotingSolver(['dns-01'], {
    show: async ({ name, keyAuthorization }) => {
      if (unproved.includes(name)) return
      const value = createHash('sha256').update(keyAuthorization).digest('base64url')
      written.set(name, (written.get(name) ?? 0) + 1)
      await pebble.addTxt(`_acme-challenge.${name}`, value)
    },
    // A wildcard and the name above it have their records at one name, and pebble-challtestsrv clears that as a whole.
    remove: async ({ name }) => {
      const left = (written.get(name) ?? 1) - 1
      written.set(name, left)
      if (left === 0) await pebble.clearTxt(`_acme-challenge.${name}`)
    },
  })
}

/** An issuer for a directory that a test runs. */
export function issuerFor(
  { directory, ca }: { readonly directory: string; readonly ca: string | null },
  given: Partial<AcmeIssuerOptions> & Pick<AcmeIssuerOptions, 'solver'>,
): AcmeIssuer {
  return new AcmeIssuer({
    directory,
    ca,
    email: null,
    eab: null,
    preferredChain: null,
    termsAgreed: true,
    accounts: new Accounts(),
    log: silentLogger,
    pollMs: 5,
    ...given,
  })
}

/** A signal that nobody aborts. */
export const never = (): AbortSignal => new AbortController().signal

/** What `work` fails with. */
export async function issueErrorOf(t: Test, work: Promise<unknown>): Promise<IssueError> {
  const error: unknown = await work.then(
    () => new Error('it did not fail'),
    (error: unknown) => error,
  )
  if (error instanceof IssueError) return error
  t.fail('an IssueError was expected', { error })
  throw error
}
