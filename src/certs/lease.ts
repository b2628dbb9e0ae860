import { setTimeout as delay } from 'node:timers/promises'
import type { LeaseRepository, LeaseState } from '../store/index.js'

export interface LeaseOptions {
  readonly leases: Pick<LeaseRepository, 'take' | 'beat' | 'free'>
  /** Of this process, and no other. */
  readonly holder: string
  /** Time between two signs of life of a holder, ms. */
  readonly beatMs: number
}

/** A holder that gives no sign of life for so many beats is dead. */
const DEAD_BEATS = 4

/** The lease was lost while the work was done, and another process may be doing it. */
class LeaseLost extends Error {}

/**
 * Does `work` as the only one of all processes, and waits as long as another one does it. The signal that it is given
 * aborts with `signal`, and when the lease is lost. Throws what `work` throws, what `signal` was aborted with, StoreError.
 */
export async function underLease<T>(
  { leases, holder, beatMs }: LeaseOptions,
  name: string,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  await taken({ leases, holder, beatMs }, name, signal)
  const lost = new AbortController()
  const beats = setInterval(() => {
    leases.beat(name, holder).then(
      (isMine) => isMine || lost.abort(new LeaseLost(`the lease ${name} was lost`)),
      // While the database is away nobody else can take it over either.
      () => undefined,
    )
  }, beatMs)
  try {
    return await work(AbortSignal.any([signal, lost.signal]))
  } finally {
    clearInterval(beats)
    // If this fails, others take it over as that of a dead one.
    await leases.free(name, holder).catch(() => undefined)
  }
}

/** Resolves when it is ours. */
async function taken({ leases, holder, beatMs }: LeaseOptions, name: string, signal: AbortSignal): Promise<void> {
  let seen: LeaseState | null = null
  let unchanged = 0
  for (;;) {
    const other: LeaseState | null = await leases.take(name, holder, unchanged >= DEAD_BEATS ? seen : null)
    if (other === null) return
    unchanged = other.holder === seen?.holder && other.beat === seen.beat ? unchanged + 1 : 0
    seen = other
    await delay(beatMs, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
}
