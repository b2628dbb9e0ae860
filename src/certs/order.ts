import type { Code } from '../core/error-codes.js'
import { UniRouteError } from '../core/errors.js'
import type { CertificateFailure, CertificateRecord, CertificateRepository } from '../store/index.js'
import type { Issuer, IssueRequest } from './issuer.js'
import { type LeaseOptions, underLease } from './lease.js'
import { keyPurpose } from './purposes.js'
import { pauseAfter } from './renewal.js'
import { StoredCertificate } from './stored.js'
import type { KeyVault } from './vault.js'

/** A certificate that is to be there. */
export interface Wanted {
  /** What it is ordered for, and stored under: the first of its names. */
  readonly name: string
  readonly names: readonly string[]
}

/** Where certificates are kept, and what failed: the database of servers, or the folder of an agent. */
export type CertificateShelf = Pick<
  CertificateRepository,
  'put' | 'find' | 'changedSince' | 'noteRenewal' | 'noteFailure' | 'failure' | 'failures'
>

export interface OrderContext {
  readonly certificates: CertificateShelf
  readonly lease: LeaseOptions
  readonly vault: KeyVault
  readonly issuer: Issuer
  /** Throws what speaks against an order for a name: what cannot succeed is not to cost a rate limit. */
  admit(name: string): Promise<void>
  /** The time of day. */
  now(): Date
  /** Uniform in [0, 1). */
  random(): number
}

/**
 * What came of an order. `issued`: there is a new certificate; `found`: another process had got it meanwhile; `failed`:
 * the error, as it was noted; `waiting`: another process had failed just before, and it is not time to try again.
 */
export type OrderResult =
  | { readonly kind: 'issued' | 'found'; readonly record: CertificateRecord }
  | { readonly kind: 'failed'; readonly failure: CertificateFailure; readonly error: Error }
  | { readonly kind: 'waiting'; readonly failure: CertificateFailure }

/**
 * Orders a certificate, as the only one of all processes with the shelf. `isGood` says of one that another process may
 * have put there meanwhile that no new one is needed. Throws StoreError, and what `signal` was aborted with.
 */
export async function order(
  context: OrderContext,
  wanted: Wanted,
  isGood: (there: StoredCertificate) => boolean,
  signal: AbortSignal,
): Promise<OrderResult> {
  const { certificates, lease, now } = context
  return underLease(lease, `certificate ${wanted.name}`, signal, async (held) => {
    const there = await certificates.find(wanted.name)
    const stored = there && (await usable(context, there))
    if (stored && isGood(stored)) return { kind: 'found', record: stored.record }
    const before = await certificates.failure(wanted.name)
    if (before && before.nextAt > now()) return { kind: 'waiting', failure: before }
    try {
      const record = await issue(context, wanted, stored?.record ?? null, held)
      await certificates.put(record)
      return { kind: 'issued', record }
    } catch (error) {
      held.throwIfAborted()
      const failure = failureOf(context, wanted, before?.failures ?? 0, error as Error)
      await certificates.noteFailure(failure)
      return { kind: 'failed', failure, error: error as Error }
    }
  })
}

async function issue(
  { issuer, vault, admit, now }: OrderContext,
  { name, names }: Wanted,
  replaces: IssueRequest['replaces'],
  signal: AbortSignal,
): Promise<CertificateRecord> {
  await admit(name)
  const { chain, key, directory } = await issuer.issue({ names, replaces }, signal)
  // Another process may have put a new key before the old one since.
  await vault.refresh()
  const sealed = vault.seal(keyPurpose(name), key)
  const base = { name, chain, key: sealed, directory, issuedAt: now(), renewAt: null, askAt: null }
  const { notAfter } = new StoredCertificate({ ...base, expiresAt: now() }, vault)
  return { ...base, expiresAt: notAfter }
}

/** null: it cannot be served, and is as good as none. */
async function usable({ vault }: OrderContext, record: CertificateRecord): Promise<StoredCertificate | null> {
  try {
    if (!vault.knows(record.key)) await vault.refresh()
    return new StoredCertificate(record, vault)
  } catch {
    return null
  }
}

function failureOf({ now, random }: OrderContext, { name }: Wanted, before: number, error: Error): CertificateFailure {
  const failures = before + 1
  const failedAt = now()
  const asked = 'retryAfterMs' in error && typeof error.retryAfterMs === 'number' ? error.retryAfterMs : null
  const nextAt = new Date(failedAt.getTime() + pauseAfter(failures, asked, random))
  const code: Code = error instanceof UniRouteError ? error.code : 'UR_INTERNAL'
  return { name, failures, failedAt, nextAt, code, message: error.message }
}
