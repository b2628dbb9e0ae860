import { isIPv4, isIPv6 } from 'node:net'
import { DnsFormatError, encodeName } from './name.js'
import { TYPE } from './message.js'

const MOST_STRING = 255

/** The value of a TXT record, one byte a character, in strings of up to 255 bytes (RFC 1035 §3.3.14). */
export function txtData(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1')
  const strings: Buffer[] = []
  for (let at = 0; at === 0 || at < bytes.length; at += MOST_STRING) {
    const piece = bytes.subarray(at, at + MOST_STRING)
    strings.push(Buffer.from([piece.length]), piece)
  }
  return Buffer.concat(strings)
}

/** The value of an A, AAAA or CNAME record. Throws DnsFormatError when it is no address or name. */
export function addressData(type: 'A' | 'AAAA' | 'CNAME', value: string): Buffer {
  if (type === 'CNAME') return encodeName(value)
  if (type === 'A' ? !isIPv4(value) : !isIPv6(value) || value.includes('%')) {
    throw new DnsFormatError(`${value} is no address for an ${type} record`)
  }
  if (type === 'A') return Buffer.from(value.split('.').map(Number))
  const [head = '', tail] = ipv6Text(value).split('::')
  const [first, last] = [groupsOf(head), groupsOf(tail ?? '')]
  const bytes = Buffer.alloc(16)
  for (const [index, group] of first.entries()) bytes.writeUInt16BE(group, 2 * index)
  for (const [index, group] of last.entries()) bytes.writeUInt16BE(group, 16 - 2 * (last.length - index))
  return bytes
}

/** The value of an address record as records that came have it: addresses and names in their usual form. */
export function usualValue(type: 'A' | 'AAAA' | 'CNAME', value: string): string {
  if (type === 'AAAA') return isIPv6(value) ? ipv6Text(value) : value
  return type === 'CNAME' ? value.toLowerCase().replace(/\.$/, '') : value
}

/** The number of a type by its name. */
export function typeOf(name: 'A' | 'AAAA' | 'CNAME'): number {
  return TYPE[name]
}

function ipv6Text(value: string): string {
  return new URL(`http://[${value}]`).hostname.slice(1, -1)
}

function groupsOf(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
}
