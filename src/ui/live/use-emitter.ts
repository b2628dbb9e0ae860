import { useSyncExternalStore } from 'react'
import type { Emitter } from './emitter.js'

/** Renders again after each change; the answer is good as a dependency of effects and memos. */
export function useEmitter(emitter: Emitter): number {
  return useSyncExternalStore(emitter.subscribe, emitter.version)
}
