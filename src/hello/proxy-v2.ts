import { crc32c } from './crc32c.js'
import { ipFromBytes } from './ip-bytes.js'
import type { Endpoint, ProxyHeader, ProxyHeaderResult } from './proxy-header.js'
import type { BinaryEnds } from './proxy-v1.js'

/** Most bytes that we accept after the first 16; the format allows 65535, real TLVs fit into a few hundred. */
export const PROXY_V2_MAX_BODY = 4096
export const PROXY_V2_SIGNATURE: Buffer = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')

const FIXED = 16
const VERSION = 0x20
const LOCAL = 0
const PROXY = 1
const STREAM = 1
const TLV_CRC32C = 3
const TLV_HEADER = 3
/** Bytes of the addresses by family: unspecified, IPv4, IPv6, unix (§2.2). */
const ADDRESS_BYTES = [0, 12, 36, 216]

/** Version 2, binary (§2.2). `bytes` begin with `PROXY_V2_SIGNATURE`. */
export function parseProxyV2(bytes: Uint8Array): ProxyHeaderResult {
  const command = bytes[12]! & 0x0f
  const family = bytes[13]! >> 4
  const transport = bytes[13]! & 0x0f
  if (bytes.length > 12 && (bytes[12]! & 0xf0) !== VERSION) return invalid('the version is not 2')
  if (bytes.length > 12 && command > PROXY) return invalid(`unknown command ${command}`)
  // A LOCAL header's family and block are to be discarded, whatever they say.
  const discard = command === LOCAL
  if (bytes.length > 13 && !discard && (family > 3 || transport > 2)) {
    return invalid(`unknown family ${family}/${transport}`)
  }
  if (bytes.length < FIXED) return { kind: 'need' }
  const bodyLength = (bytes[14]! << 8) | bytes[15]!
  if (bodyLength > PROXY_V2_MAX_BODY) return invalid(`${bodyLength} bytes long; the most is ${PROXY_V2_MAX_BODY}`)
  const length = FIXED + bodyLength
  if (bytes.length < length) return { kind: 'need' }

  const whole = bytes.subarray(0, length)
  const tlvs = FIXED + (ADDRESS_BYTES[family] ?? bodyLength)
  if (tlvs > length && !discard) return invalid(`${bodyLength} bytes are too few for the addresses`)
  const fault = checkTlvs(whole, tlvs)
  if (fault === 'bad checksum') return invalid('the CRC32c does not match')
  // What follows an unspecified family need not be TLVs.
  if (fault === 'malformed' && !discard && family !== 0) return invalid('a TLV is malformed')
  return { kind: 'ok', header: { version: 2, ...readEnds(whole, command, family, transport) }, length }
}

export function encodeProxyV2(ends: BinaryEnds | null): Buffer {
  const ipBytes = ends === null ? 0 : ends.source.ip.length
  const body = ends === null ? 0 : ADDRESS_BYTES[ipBytes === 4 ? 1 : 2]!
  const header = Buffer.alloc(FIXED + body)
  PROXY_V2_SIGNATURE.copy(header)
  header[12] = VERSION | (ends === null ? LOCAL : PROXY)
  header.writeUInt16BE(body, 14)
  if (ends === null) return header
  header[13] = ((ipBytes === 4 ? 1 : 2) << 4) | STREAM
  ends.source.ip.copy(header, FIXED)
  ends.destination.ip.copy(header, FIXED + ipBytes)
  header.writeUInt16BE(ends.source.port, FIXED + 2 * ipBytes)
  header.writeUInt16BE(ends.destination.port, FIXED + 2 * ipBytes + 2)
  return header
}

function readEnds(whole: Uint8Array, command: number, family: number, transport: number): Omit<ProxyHeader, 'version'> {
  const isIp = family === 1 || family === 2
  if (command === LOCAL || !isIp || transport !== STREAM) {
    return { command: command === LOCAL ? 'local' : 'proxy', source: null, destination: null }
  }
  const ipBytes = family === 1 ? 4 : 16
  const end = (index: number): Endpoint => {
    const ip = FIXED + index * ipBytes
    const port = FIXED + 2 * ipBytes + 2 * index
    return { address: ipFromBytes(whole.subarray(ip, ip + ipBytes)), port: (whole[port]! << 8) | whole[port + 1]! }
  }
  return { command: 'proxy', source: end(0), destination: end(1) }
}

/** Walks the TLVs (§2.2.1 ff.) and verifies a checksum (§2.2.3): the CRC32c of the header with its own value as zeros. */
function checkTlvs(whole: Uint8Array, start: number): 'ok' | 'malformed' | 'bad checksum' {
  let checked = false
  for (let at = start; at < whole.length;) {
    if (whole.length - at < TLV_HEADER) return 'malformed'
    const value = at + TLV_HEADER
    const next = value + ((whole[at + 1]! << 8) | whole[at + 2]!)
    if (next > whole.length) return 'malformed'
    if (whole[at] === TLV_CRC32C) {
      if (next - value !== 4 || checked) return 'malformed'
      checked = true
      const told = Buffer.from(whole.buffer, whole.byteOffset + value, 4).readUInt32BE()
      if (crc32c(whole.subarray(0, value), Buffer.alloc(4), whole.subarray(next)) !== told) return 'bad checksum'
    }
    at = next
  }
  return 'ok'
}

function invalid(reason: string): ProxyHeaderResult {
  return { kind: 'invalid', reason: `PROXY v2: ${reason}` }
}
