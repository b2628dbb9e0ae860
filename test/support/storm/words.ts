import type { Event, Process } from '../processes.js'

/** Limit against hangs, ms: a thousand agents on a busy machine take their time. */
export const HANG_MS = 300_000

/** Says a word to a program of ours. */
export function tell(program: Process, word: string): void {
  program.child.stdin?.write(`${word}\n`)
}

/** Says a word and waits for the event that answers it, by default of the same name. */
export async function ask<Answer = Event>(program: Process, word: string, answer = word): Promise<Answer> {
  const from = program.out.length
  tell(program, word)
  return (await program.event(answer, { from, ms: HANG_MS })) as Answer
}
