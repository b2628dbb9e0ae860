import { domainToASCII, domainToUnicode } from 'node:url'
import { RefusedError } from '../core/errors.js'
import { printable } from '../core/printable.js'
import { isOneScript } from './scripts.js'

/**
 * A host name as people read it, from its normalised form: punycode labels are decoded.
 * Throws RefusedError UR_NAME_INVALID when one of them says nothing, UR_NAME_MIXED when one mixes scripts, as only
 * those do that want to be taken for another.
 */
export function unicodeName(host: string): string {
  if (!host.includes('xn--')) return host
  return host.split('.').map(decoded).join('.')
}

function decoded(label: string): string {
  if (!label.startsWith('xn--')) return label
  const text = domainToUnicode(label)
  if (text === '' || text === label || domainToASCII(text) !== label) {
    throw new RefusedError(
      'UR_NAME_INVALID',
      `"${label}" is not a label in punycode; write the name as people read it.`,
    )
  }
  if (isOneScript(text)) return text
  throw new RefusedError(
    'UR_NAME_MIXED',
    `"${printable(text)}" (${label}) has letters of several scripts, or of one that nobody writes today; ` +
      'choose a name in one script.',
  )
}
