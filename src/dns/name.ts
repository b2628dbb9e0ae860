/** Bytes that are no DNS message, or a name that is none. */
export class DnsFormatError extends Error {
  override readonly name = 'DnsFormatError'
}

const MOST_NAME = 255
const MOST_LABEL = 63
const POINTER = 0xc0

/**
 * A name in the form of the wire, in lower case and without compression (RFC 1035 §3.1, RFC 4034 §6.2). The name is
 * absolute, the last dot may be left out; `\.` and `\DDD` stand for bytes (RFC 1035 §5.1). Throws DnsFormatError.
 */
export function encodeName(name: string): Buffer {
  const labels: Buffer[] = []
  let label: number[] = []
  const end = (): void => {
    if (label.length === 0 || label.length > MOST_LABEL) throw new DnsFormatError(`${name} is no name of DNS`)
    labels.push(Buffer.from([label.length, ...label]))
    label = []
  }
  const text = name.endsWith('.') && !name.endsWith('\\.') ? name.slice(0, -1) : name
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!
    if (character === '.') end()
    else if (character === '\\') {
      const digits = /^\d{3}/.exec(text.slice(at + 1))?.[0]
      label.push(digits === undefined ? byteOf(text, at + 1) : Number(digits) & 0xff)
      at += digits === undefined ? 1 : 3
    } else label.push(byteOf(text, at))
  }
  if (text !== '') end()
  const bytes = Buffer.concat([...labels, Buffer.from([0])])
  if (bytes.length > MOST_NAME) throw new DnsFormatError(`${name} is too long for a name of DNS`)
  return bytes
}

function byteOf(text: string, at: number): number {
  const code = text.charCodeAt(at)
  if (!(code < 0x80)) throw new DnsFormatError(`${text} is no name of DNS: it has to be in ASCII`)
  return code >= 0x41 && code <= 0x5a ? code + 0x20 : code
}

/**
 * Reads the name at `at`: in lower case, without the last dot, bytes that are no letters, digits, `-`, `_` or `*`
 * escaped. Pointers may lead only to what stands before them, so that no name is endless (RFC 1035 §4.1.4).
 * Throws DnsFormatError.
 */
export function readName(message: Buffer, at: number): { readonly name: string; readonly next: number } {
  const labels: string[] = []
  let [position, segment, length] = [at, at, 1]
  let next = -1
  for (;;) {
    const first = byteAt(message, position)
    if (first === 0) return { name: labels.join('.'), next: next === -1 ? position + 1 : next }
    if ((first & POINTER) === POINTER) {
      const target = ((first & ~POINTER) << 8) | byteAt(message, position + 1)
      if (next === -1) next = position + 2
      if (target >= segment) throw new DnsFormatError('a name points to itself or to what comes later')
      position = segment = target
      continue
    }
    if (first > MOST_LABEL) throw new DnsFormatError('a label of an unknown kind')
    length += first + 1
    if (length > MOST_NAME) throw new DnsFormatError('a name is too long')
    const end = position + 1 + first
    if (end > message.length) throw new DnsFormatError('a name is cut off')
    labels.push(labelText(message.subarray(position + 1, end)))
    position = end
  }
}

function labelText(label: Buffer): string {
  return label
    .toString('latin1')
    .toLowerCase()
    .replace(/[^a-z0-9_*-]/g, (character) => {
      const code = character.charCodeAt(0)
      return code > 0x20 && code < 0x7f ? `\\${character}` : `\\${String(code).padStart(3, '0')}`
    })
}

function byteAt(message: Buffer, at: number): number {
  const byte = message[at]
  if (byte === undefined) throw new DnsFormatError('a name is cut off')
  return byte
}

/** Whether a name is `ancestor` or below it; both as `readName` gives them. */
export function isWithin(name: string, ancestor: string): boolean {
  return ancestor === '' || name === ancestor || name.endsWith(`.${ancestor}`)
}

/** The name and those above it, the longest first, without the root. */
export function upwards(name: string): string[] {
  const labels = name.split('.')
  return labels.map((_, index) => labels.slice(index).join('.'))
}
