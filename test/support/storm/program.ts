import { createInterface } from 'node:readline'

/** Milliseconds since 1970, with fractions: the clock that the processes of a test share. */
export function sharedNow(): number {
  return performance.timeOrigin + performance.now()
}

/** What a program of the storm was asked to do, its only argument. */
export function taskOf<Task>(): Task {
  return JSON.parse(process.argv[2] ?? '{}') as Task
}

/** Tells the test an event, as the product does with `--output json`. */
export function say(event: string, fields: object = {}): void {
  process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`)
}

/** Calls the handler of each word that the test writes to our stdin, one a line. When that ends, so do we. */
export function obey(words: Readonly<Record<string, () => unknown>>): void {
  const lines = createInterface({ input: process.stdin })
  lines.on('line', (word) => void words[word]?.())
  lines.once('close', () => process.exit())
}
