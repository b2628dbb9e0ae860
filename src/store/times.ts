import type { Timestamp } from './schema.js'

/** This moment, as it is stored. */
export function now(): Timestamp {
  return new Date().toISOString()
}

/** A stored time; null stays null. */
export function dateOrNull(timestamp: Timestamp | null): Date | null {
  return timestamp === null ? null : new Date(timestamp)
}
