import { describeProcesses } from './processes.js'

/** Limit against hangs, in milliseconds: long enough for a loaded machine, so it never decides a healthy run. */
export const HANG_MS = 30_000

/** Something did not come in time. */
export class Hang extends Error {}

/**
 * Waits for `promise`, but not for ever: after `ms` it throws a Hang that names `what` was waited for
 * and shows the last lines of every process that the test started.
 */
export async function within<T>(what: string, promise: Promise<T>, ms = HANG_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Hang(`waited ${ms} ms for ${what}\n${describeProcesses()}`))
    }, ms)
  })
  try {
    return await Promise.race([promise, limit])
  } finally {
    clearTimeout(timer)
  }
}

/** Tries `attempt` again every `everyMs` until it returns without throwing; after `ms` throws its last error. */
export async function eventually<T>(what: string, attempt: () => Promise<T>, ms = HANG_MS, everyMs = 20): Promise<T> {
  const end = performance.now() + ms
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (performance.now() > end) {
        throw new Error(`${what} did not happen within ${ms} ms: ${String(error)}\n${describeProcesses()}`, {
          cause: error,
        })
      }
      await pause(everyMs)
    }
  }
}

/** A pause between two tries, or a span that is itself the subject of a test. Never used to synchronise. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
