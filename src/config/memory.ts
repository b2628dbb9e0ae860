import { totalmem } from 'node:os'

/** Half of the memory of the machine, or of what the process may have of it, bytes. */
export function defaultMemoryLimit(): number {
  const constrained = process.constrainedMemory()
  const memory = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()
  return Math.floor(memory / 2)
}
