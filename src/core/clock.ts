/** Where time is read. Passed in wherever a test has to decide what time it is. */
export interface Clock {
  /** Milliseconds since an arbitrary start, with fractions; never goes backwards. */
  now(): number
}

/** The process's monotonic clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
}
