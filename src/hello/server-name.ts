import { domainToUnicode } from 'node:url'

/**
 * The host name of an SNI entry in its one comparable form (lower case), or null if it is none.
 * RFC 6066 §3: ASCII, no trailing dot, no IP literal. RFC 5890 §2.3.1: labels of letters, digits and inner hyphens,
 * 1-63 bytes each, 253 in all; an `xn--` label must be a valid A-label.
 */
export function normalizeServerName(bytes: Uint8Array): string | null {
  if (bytes.length === 0 || bytes.length > 253) return null
  let name = ''
  let labelLength = 0
  let labelIsNumeric = true
  let previous = 0x2e
  let hasALabel = false
  for (const byte of bytes) {
    const lower = byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte
    if (lower === 0x2e) {
      if (labelLength === 0 || previous === 0x2d) return null
      labelLength = 0
      labelIsNumeric = true
    } else {
      const digit = lower >= 0x30 && lower <= 0x39
      const letter = lower >= 0x61 && lower <= 0x7a
      if (!digit && !letter && !(lower === 0x2d && labelLength > 0)) return null
      if (!digit) labelIsNumeric = false
      labelLength += 1
      if (labelLength > 63) return null
      hasALabel ||= lower === 0x2d && labelLength === 4 && name.endsWith('xn-')
    }
    name += String.fromCharCode(lower)
    previous = lower
  }
  // A last label of digits only is an IPv4 literal (or a part of one): no top-level domain is numeric.
  if (labelLength === 0 || previous === 0x2d || labelIsNumeric) return null
  if (hasALabel && domainToUnicode(name) === '') return null
  return name
}
