import { readFile } from 'node:fs/promises'
import { AcmeIssuer, type AccountStore, IssuerChain } from '../../certs/acme/index.js'
import {
  accountPurpose,
  type ChallengeSolver,
  type ChallengeStore,
  type Issuer,
  type KeyVault,
} from '../../certs/index.js'
import type { ServerConfig } from '../../config/index.js'
import { CertificateError } from '../../core/errors.js'
import type { Logger } from '../../core/logger.js'
import type { AcmeRepository } from '../../store/index.js'

export interface AuthoritiesOptions {
  readonly config: ServerConfig
  readonly solver: ChallengeSolver
  readonly acme: AcmeRepository
  readonly vault: KeyVault
  readonly log: Logger
}

/** The authorities of a configuration, in the order in which they are tried. Throws CertificateError UR_CERT_UNREADABLE. */
export async function authorities({ config, solver, acme, vault, log }: AuthoritiesOptions): Promise<Issuer> {
  const { email, fallbacks, directory, ca, eab, preferred_chain } = config.certs.acme
  const accounts = accountsIn(acme, vault)
  const issuers = [{ directory, ca, eab, preferred_chain }, ...fallbacks].map(async (authority) => {
    const { kid, hmac_key: key } = authority.eab
    return new AcmeIssuer({
      directory: authority.directory,
      ca: authority.ca === null ? null : await readCa(authority.ca),
      email,
      eab: kid === null || key === null ? null : { kid, hmacKey: key.reveal() },
      preferredChain: authority.preferred_chain,
      termsAgreed: true,
      solver,
      accounts,
      log,
    })
  })
  return new IssuerChain(await Promise.all(issuers), log)
}

/** Accounts in the database, their keys encrypted. One whose key cannot be read is as good as none. */
function accountsIn(acme: AcmeRepository, vault: KeyVault): AccountStore {
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

async function readCa(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new CertificateError(
      'UR_CERT_UNREADABLE',
      `${file}, named by certs.acme.ca, could not be read (${(error as Error).message}). What to do: check the path, and ` +
        'that the user that runs the server may read it.',
      { cause: error },
    )
  }
}
