import { randomBytes } from 'node:crypto'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const ID_BYTES = 12
const ID_DIGITS = 17

/** What ids begin with: what they name can be told from the id. */
export type IdPrefix = 'acc_' | 'adm_' | 'tok_' | 'res_' | 'tun_' | 'crt_'

/** `prefix` and 96 random bits in base 62, 17 digits. */
export function newId(prefix: IdPrefix): string {
  return prefix + base62(randomBytes(ID_BYTES), ID_DIGITS)
}

/** Big-endian number to base 62, padded to `digits`. */
export function base62(bytes: Buffer, digits: number): string {
  let value = BigInt(`0x${bytes.toString('hex')}`)
  let text = ''
  for (let i = 0; i < digits; i++) {
    text = ALPHABET.charAt(Number(value % 62n)) + text
    value /= 62n
  }
  return text
}
