import type { AccountStore } from '../../certs/acme/index.js'
import { accountPurpose, type ChallengeStore, type KeyVault } from '../../certs/index.js'
import { CertificateError } from '../../core/errors.js'
import type { AcmeRepository } from '../../store/index.js'

/** Accounts in the database, their keys encrypted. One whose key cannot be read is as good as none. */
export function accountsIn(acme: AcmeRepository, vault: KeyVault): AccountStore {
  return {
    async load(directory) {
      const account = await acme.account(directory)
      if (account === null) return null
      if (!vault.knows(account.key)) await vault.refresh()
      try {
        return { url: account.url, keyPem: vault.unseal(accountPurpose(directory), account.key) }
      } catch (error) {
        if (error instanceof CertificateError) return null
        throw error
      }
    },
    async save(directory, { url, keyPem }) {
      await vault.refresh()
      await acme.putAccount(directory, { url, key: vault.seal(accountPurpose(directory), keyPem) })
    },
  }
}

/** Proofs that every node with the database can show. */
export function sharedChallenges(acme: AcmeRepository): ChallengeStore {
  return {
    put: ({ type, ...challenge }) => (type === 'dns-01' ? Promise.resolve() : acme.show({ type, ...challenge })),
    remove: ({ type, ...challenge }) => (type === 'dns-01' ? Promise.resolve() : acme.hide({ type, ...challenge })),
    find: (type, name, token) => acme.shown(type, name, token),
  }
}
