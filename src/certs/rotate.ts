import { CertificateError } from '../core/errors.js'
import type { Store } from '../store/index.js'
import { accountPurpose, authorityPurpose, keyPurpose } from './purposes.js'
import type { KeyVault } from './vault.js'

/** What was done: keys that are encrypted anew, and those that could not be read and stay as they are. */
export interface Rotation {
  /** Where the key of the vault is. */
  readonly key: string
  /** Whether it is a new one; otherwise the first of those that the operator gave. */
  readonly isNew: boolean
  readonly encrypted: number
  readonly unreadable: readonly string[]
}

/**
 * Encrypts all private keys in the database anew: with a new key where the vault can make one, otherwise with the first
 * of its keys. Servers that run follow by themselves: the key of before stays known, to read what they write meanwhile.
 * Throws CertificateError UR_VAULT_KEY, StoreError.
 */
export async function rotateVaultKey(store: Pick<Store, 'together'>, vault: KeyVault): Promise<Rotation> {
  const { source } = vault
  await source.rotate?.()
  await vault.refresh()
  const unreadable = new Set<string>()
  const anew =
    (purposeOf: (name: string) => string) =>
    (name: string, sealed: string): string => {
      const purpose = purposeOf(name)
      try {
        return vault.seal(purpose, vault.unseal(purpose, sealed))
      } catch (error) {
        if (!(error instanceof CertificateError)) throw error
        unreadable.add(purpose)
        return sealed
      }
    }
  const count = await store.together(async ({ certificates, acme, agentCertificates }) => {
    const keys = await certificates.changeKeys(anew(keyPurpose))
    const accounts = await acme.changeKeys(anew(accountPurpose))
    return keys + accounts + (await agentCertificates.changeKeys(anew(authorityPurpose)))
  })
  return {
    key: source.name,
    isNew: source.rotate !== null,
    encrypted: count - unreadable.size,
    unreadable: [...unreadable],
  }
}
