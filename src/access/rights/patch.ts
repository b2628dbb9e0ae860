import type { Rights } from '../../store/index.js'
import { parseRights } from './schema.js'

/** Rights to be stored; null: all. Throws ConfigError UR_RIGHTS_INVALID. */
export function rightsFrom(raw: unknown): Rights | null {
  const rights = raw === null ? {} : parseRights(raw)
  return Object.keys(rights).length === 0 ? null : rights
}

/**
 * Rights after a change, as JSON merge patches change objects (RFC 7396): each key that is given takes the place of the
 * one before, null lifts it, and null alone lifts all. Throws as `rightsFrom`: also when what was before cannot be read,
 * unless all of it is replaced.
 */
export function patchRights(before: Rights | null, patch: Rights | null): Rights | null {
  if (patch === null) return null
  const merged = Object.entries({ ...before, ...patch }).filter(([, value]) => value !== null)
  return rightsFrom(Object.fromEntries(merged))
}
