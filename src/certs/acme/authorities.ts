import { readFile } from 'node:fs/promises'
import { CertificateError } from '../../core/errors.js'
import { fileReason } from '../../core/file-reason.js'
import type { Logger } from '../../core/logger.js'
import type { Secret } from '../../core/secret.js'
import type { ChallengeSolver } from '../challenge.js'
import type { Issuer } from '../issuer.js'
import type { AccountStore } from './account.js'
import { AcmeIssuer } from './acme-issuer.js'
import { IssuerChain } from './issuer-chain.js'

/** An authority as users write it. */
export interface AuthorityKeys {
  readonly directory: string
  /** Path. */
  readonly ca: string | null
  readonly eab: { readonly kid: string | null; readonly hmac_key: Secret | null }
  readonly preferred_chain: string | null
}

/** The first authority, and those that are tried after it. */
export interface AuthoritiesKeys extends AuthorityKeys {
  readonly email: string | null
  readonly fallbacks: readonly AuthorityKeys[]
}

export interface AuthoritiesOptions {
  readonly keys: AuthoritiesKeys
  /** Where the keys stand in the configuration, for messages. */
  readonly place: string
  readonly solver: ChallengeSolver
  readonly accounts: AccountStore
  readonly log: Logger
}

/** The authorities of a configuration, in the order in which they are tried. Throws CertificateError UR_CERT_UNREADABLE. */
export async function authorities({ keys, place, solver, accounts, log }: AuthoritiesOptions): Promise<Issuer> {
  const issuers = [keys, ...keys.fallbacks].map(async (authority) => {
    const { kid, hmac_key: key } = authority.eab
    return new AcmeIssuer({
      directory: authority.directory,
      ca: authority.ca === null ? null : await readCa(authority.ca, place),
      email: keys.email,
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

async function readCa(file: string, place: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new CertificateError(
      'UR_CERT_UNREADABLE',
      `${file}, named by ${place}.ca, could not be read (${fileReason(error)}). What to do: check the path, and ` +
        'that the user that runs this may read it.',
      { cause: error },
    )
  }
}
