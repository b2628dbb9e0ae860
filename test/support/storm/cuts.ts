import type { Process } from '../processes.js'
import { ask, tell } from './words.js'

/** How the path between the agents and their server breaks, all at once. */
export interface Cut {
  readonly name: string
  /** For how long, ms. */
  readonly ms: number
  begin(path: Process): Promise<void> | void
  end(path: Process): void
}

/** Every connection is reset, and new ones come through at once. */
export const reset: Cut = {
  name: 'every connection is reset',
  ms: 0,
  begin: (path) => tell(path, 'cut'),
  end: () => undefined,
}

/** Every connection is reset, and new ones are refused: both sides know at once. */
export function refused(ms: number): Cut {
  return {
    name: `every connection is reset, and new ones are refused for ${ms / 1000} s`,
    ms,
    begin: (path) => tell(path, 'refuse'),
    end: (path) => tell(path, 'admit'),
  }
}

/** Packets are lost without a word: both sides find out by silence. */
export function lost(ms: number): Cut {
  return {
    name: `every packet is lost for ${ms / 1000} s`,
    ms,
    begin: async (path) => {
      await ask(path, 'narrow')
      path.kill('SIGSTOP')
    },
    end: (path) => {
      path.kill('SIGCONT')
      tell(path, 'widen')
    },
  }
}
