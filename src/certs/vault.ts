import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { CertificateError } from '../core/errors.js'
import type { KeySource } from './vault-keys.js'

const FORMAT = 'v1'
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** One key of a vault: 32 bytes. */
export interface VaultKey {
  /** Tells keys apart, and nothing else about them. */
  readonly id: string
  readonly bytes: Buffer
}

/** A key of these 32 bytes. */
export function vaultKey(bytes: Buffer): VaultKey {
  return { id: createHash('sha256').update('uniroute vault key').update(bytes).digest('base64url').slice(0, 8), bytes }
}

/**
 * Encrypts what must not be kept as it is: AES-256-GCM (NIST SP 800-38D), with a random nonce, and bound to
 * what it is for, so that one secret cannot be put in the place of another. The first key encrypts, every key decrypts.
 */
export class KeyVault {
  readonly #source: KeySource
  #keys: readonly VaultKey[]

  private constructor(source: KeySource, keys: readonly VaultKey[]) {
    this.#source = source
    this.#keys = keys
  }

  /** Throws CertificateError UR_VAULT_KEY. */
  static async open(source: KeySource): Promise<KeyVault> {
    return new KeyVault(source, await source.load())
  }

  /** Where the keys come from, for messages. */
  get source(): KeySource {
    return this.#source
  }

  /** Reads the keys again: they may have been changed by another process. Throws CertificateError UR_VAULT_KEY. */
  async refresh(): Promise<void> {
    this.#keys = await this.#source.load()
  }

  /** Whether it was encrypted with a key that is here, perhaps an old one. */
  knows(sealed: string): boolean {
    return this.#keyOf(sealed) !== undefined
  }

  /** Encrypts `text`; `purpose` says what it is, and has to be given again to decrypt it. */
  seal(purpose: string, text: string): string {
    const [key] = this.#keys
    if (key === undefined) throw new Error('a vault has no key')
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', key.bytes, nonce).setAAD(Buffer.from(purpose))
    const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
    return [FORMAT, key.id, sealed.toString('base64url')].join('.')
  }

  /**
   * Throws CertificateError UR_VAULT_OTHER_KEY when it was encrypted with a key that is not here, UR_VAULT_DAMAGED when
   * it is not what was encrypted for this purpose.
   */
  unseal(purpose: string, sealed: string): string {
    const key = this.#keyOf(sealed)
    if (key === undefined) {
      throw new CertificateError(
        'UR_VAULT_OTHER_KEY',
        `The ${purpose} was encrypted with a key that is not here: ${this.#source.name} has ` +
          `${this.#keys.map(({ id }) => id).join(' and ')}, it needs ${printableId(sealed)}. What to do: give the key ` +
          'file of the server that wrote it (from a backup, or from the other nodes).',
      )
    }
    const bytes = Buffer.from(sealed.slice(sealed.lastIndexOf('.') + 1), 'base64url')
    try {
      const end = bytes.length - TAG_BYTES
      const decipher = createDecipheriv('aes-256-gcm', key.bytes, bytes.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      })
      decipher.setAAD(Buffer.from(purpose)).setAuthTag(bytes.subarray(end))
      return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, end)), decipher.final()]).toString('utf8')
    } catch (error) {
      throw new CertificateError(
        'UR_VAULT_DAMAGED',
        `The ${purpose} cannot be decrypted: it was changed. What to do: restore it from a backup; ` +
          'a certificate is ordered anew.',
        { cause: error },
      )
    }
  }

  #keyOf(sealed: string): VaultKey | undefined {
    const [format, id] = sealed.split('.')
    return format === FORMAT ? this.#keys.find((key) => key.id === id) : undefined
  }
}

function printableId(sealed: string): string {
  const id = sealed.split('.')[1] ?? ''
  return /^[\w-]{8}$/.test(id) ? id : 'one of another program'
}
