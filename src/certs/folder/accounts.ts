import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { CertificateError } from '../../core/errors.js'
import type { Account, AccountStore } from '../acme/account.js'
import { accountPurpose } from '../purposes.js'
import type { KeyVault } from '../vault.js'
import { fileFor, readJson, stateError, writeJson } from './files.js'

const shape = z.object({ directory: z.string(), url: z.string(), key: z.string() })

/** Accounts with authorities in a folder, their keys encrypted. One whose key cannot be read is as good as none. */
export class FolderAccounts implements AccountStore {
  readonly #folder: string
  readonly #vault: KeyVault

  private constructor(folder: string, vault: KeyVault) {
    this.#folder = folder
    this.#vault = vault
  }

  /** Throws CertificateError UR_STATE_FOLDER. */
  static async open(folder: string, vault: KeyVault): Promise<FolderAccounts> {
    const accounts = join(folder, 'accounts')
    try {
      await mkdir(accounts, { recursive: true, mode: 0o700 })
    } catch (error) {
      throw stateError(accounts, 'made', error)
    }
    return new FolderAccounts(accounts, vault)
  }

  async load(directory: string): Promise<Account | null> {
    const account = await readJson(fileFor(this.#folder, directory), shape)
    if (account === null) return null
    try {
      return { url: account.url, keyPem: this.#vault.unseal(accountPurpose(directory), account.key) }
    } catch (error) {
      if (error instanceof CertificateError) return null
      throw error
    }
  }

  async save(directory: string, { url, keyPem }: Account): Promise<void> {
    const key = this.#vault.seal(accountPurpose(directory), keyPem)
    await writeJson(fileFor(this.#folder, directory), { directory, url, key })
  }
}
