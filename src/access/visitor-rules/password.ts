import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import type { Credentials, HashedCredentials, ScryptCost } from '../../config/index.js'

/** 16 MiB of memory and some tens of milliseconds for each guess. */
export const PASSWORD_COST: ScryptCost = { logN: 14, r: 8, p: 1 }

const SALT_BYTES = 16
const HASH_BYTES = 32

/** What the server is to know of a user: the hash of his password with a new salt, and not the password. */
export async function hashCredentials({ user, password }: Credentials): Promise<HashedCredentials> {
  const salt = randomBytes(SALT_BYTES)
  return { user, salt, hash: await derive(password.reveal(), salt, HASH_BYTES, PASSWORD_COST), cost: PASSWORD_COST }
}

/** Whether the password is the user's. Takes as long for a wrong one. */
export async function isPassword(password: string, { salt, hash, cost }: HashedCredentials): Promise<boolean> {
  return timingSafeEqual(await derive(password, salt, hash.length, cost), hash)
}

/** Credentials that nobody has, for a user who does not exist: it must not show in the time that this is so. */
export function nobody(): HashedCredentials {
  return { user: '', salt: randomBytes(SALT_BYTES), hash: randomBytes(HASH_BYTES), cost: PASSWORD_COST }
}

/** scrypt (RFC 7914), in a thread. Unicode is normalised first: keyboards write one letter in several ways. */
function derive(password: string, salt: Buffer, bytes: number, { logN, r, p }: ScryptCost): Promise<Buffer> {
  const N = 2 ** logN
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFC'), salt, bytes, { N, r, p, maxmem: 256 * N * r }, (error, key) => {
      if (error) reject(error)
      else resolve(key)
    })
  })
}
