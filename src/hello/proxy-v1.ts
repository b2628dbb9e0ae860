import { isIPv4, isIPv6 } from 'node:net'
import { ipFromBytes } from './ip-bytes.js'
import type { Endpoint, ProxyHeaderResult } from './proxy-header.js'

/** Longest header with its CRLF (§2.1). */
export const PROXY_V1_MAX = 107
export const PROXY_V1_PREFIX: Buffer = Buffer.from('PROXY ', 'latin1')

const PORT = /^(?:0|[1-9][0-9]{0,4})$/

/** Two ends of the same family, as bytes. */
export interface BinaryEnds {
  readonly source: { readonly ip: Buffer; readonly port: number }
  readonly destination: { readonly ip: Buffer; readonly port: number }
}

/** Version 1, text (§2.1). `bytes` begin with `PROXY_V1_PREFIX`. */
export function parseProxyV1(bytes: Uint8Array): ProxyHeaderResult {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, PROXY_V1_MAX))
  const end = head.indexOf('\r\n', 0, 'latin1')
  if (end < 0) {
    return head.length < PROXY_V1_MAX ? { kind: 'need' } : invalid(`no line end within ${PROXY_V1_MAX} bytes`)
  }
  const length = end + 2
  const words = head.toString('latin1', PROXY_V1_PREFIX.length, end).split(' ')
  if (words[0] === 'UNKNOWN') {
    return { kind: 'ok', header: { version: 1, command: 'proxy', source: null, destination: null }, length }
  }
  const isAddress = words[0] === 'TCP4' ? isIPv4 : words[0] === 'TCP6' ? isPlainIPv6 : null
  if (isAddress === null) return invalid('the protocol is none of TCP4, TCP6 and UNKNOWN')
  if (words.length !== 5) return invalid(`${words.length} words after PROXY instead of 5`)
  const source = endpoint(words[1]!, words[3]!, isAddress)
  const destination = endpoint(words[2]!, words[4]!, isAddress)
  if (source === null || destination === null) return invalid(`an address or port is not valid for ${words[0]}`)
  return { kind: 'ok', header: { version: 1, command: 'proxy', source, destination }, length }
}

export function encodeProxyV1(ends: BinaryEnds | null): Buffer {
  if (ends === null) return Buffer.from('PROXY UNKNOWN\r\n', 'latin1')
  const { source, destination } = ends
  const family = source.ip.length === 4 ? 'TCP4' : 'TCP6'
  const addresses = `${ipFromBytes(source.ip)} ${ipFromBytes(destination.ip)}`
  return Buffer.from(`PROXY ${family} ${addresses} ${source.port} ${destination.port}\r\n`, 'latin1')
}

function endpoint(address: string, port: string, isAddress: (text: string) => boolean): Endpoint | null {
  return isAddress(address) && PORT.test(port) && Number(port) <= 65535 ? { address, port: Number(port) } : null
}

function isPlainIPv6(text: string): boolean {
  return isIPv6(text) && !text.includes('%')
}

function invalid(reason: string): ProxyHeaderResult {
  return { kind: 'invalid', reason: `PROXY v1: ${reason}` }
}
