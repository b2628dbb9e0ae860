/** Whether `bytes` begin with one of the prefixes; `maybe` while they are too few to tell. */
export function beginsWithAny(bytes: Uint8Array, prefixes: readonly Buffer[]): 'yes' | 'no' | 'maybe' {
  let maybe = false
  for (const prefix of prefixes) {
    const common = Math.min(prefix.length, bytes.length)
    if (prefix.compare(bytes, 0, common, 0, common) !== 0) continue
    if (common === prefix.length) return 'yes'
    maybe = true
  }
  return maybe ? 'maybe' : 'no'
}
