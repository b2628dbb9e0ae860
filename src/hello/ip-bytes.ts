import { isIPv4, isIPv6 } from 'node:net'

/** The 4 or 16 bytes of an IP address in text form, or null if it is none. A zone (`%eth0`) is refused. */
export function ipToBytes(address: string): Buffer | null {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number))
  if (!isIPv6(address) || address.includes('%')) return null
  const [head, tail] = address.split('::')
  const before = groups(head!)
  const after = tail === undefined ? Buffer.alloc(0) : groups(tail)
  return Buffer.concat([before, Buffer.alloc(16 - before.length - after.length), after])
}

/** IPv4 text of 4 bytes, or IPv6 text (RFC 5952 §4) of 16; an IPv4-mapped address becomes plain IPv4. */
export function ipFromBytes(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.')
  if (isMappedIPv4(bytes)) return bytes.subarray(12).join('.')
  const words = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i]! << 8) | bytes[2 * i + 1]!).toString(16))
  const run = longestZeroRun(words)
  if (run.length < 2) return words.join(':')
  return `${words.slice(0, run.start).join(':')}::${words.slice(run.start + run.length).join(':')}`
}

/** The address with IPv4-mapped IPv6 (`::ffff:192.0.2.1`, what a dual-stack listener reports) as plain IPv4 bytes. */
export function unmapped(bytes: Buffer): Buffer {
  return bytes.length === 16 && isMappedIPv4(bytes) ? bytes.subarray(12) : bytes
}

function isMappedIPv4(bytes: Uint8Array): boolean {
  return bytes[10] === 0xff && bytes[11] === 0xff && bytes.subarray(0, 10).every((byte) => byte === 0)
}

function groups(text: string): Buffer {
  if (text === '') return Buffer.alloc(0)
  return Buffer.concat(
    text.split(':').map((group) => {
      if (group.includes('.')) return Buffer.from(group.split('.').map(Number))
      const value = parseInt(group, 16)
      return Buffer.from([value >> 8, value & 0xff])
    }),
  )
}

function longestZeroRun(words: readonly string[]): { start: number; length: number } {
  const best = { start: 0, length: 0 }
  for (let start = 0; start < words.length; start++) {
    let length = 0
    while (words[start + length] === '0') length += 1
    if (length > best.length) Object.assign(best, { start, length })
  }
  return best
}
