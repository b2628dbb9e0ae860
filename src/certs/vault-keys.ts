import { randomBytes, randomUUID } from 'node:crypto'
import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CertificateError } from '../core/errors.js'
import { fileReason } from '../core/file-reason.js'
import { type VaultKey, vaultKey } from './vault.js'

const KEY_BYTES = 32
/** A key, as it is written: 32 bytes in base64url. */
const KEY_TEXT = /^[A-Za-z0-9_-]{43}$/
/** Of systemd's credentials (systemd.exec(5), LoadCredential=). */
const CREDENTIAL = 'uniroute-vault-key'

/** Where the keys of a vault come from. */
export interface KeySource {
  /** For messages: the path of the file, or the name of the variable. */
  readonly name: string
  /** The keys as they are now: the first one encrypts. Throws CertificateError UR_VAULT_KEY. */
  load(): Promise<readonly VaultKey[]>
  /** Puts a new key before the newest of the old ones; null: the operator has to. Throws as `load`. */
  readonly rotate: (() => Promise<void>) | null
}

/** What says where the keys are. */
export interface VaultPlace {
  readonly env: Readonly<Record<string, string | undefined>>
  /** The file that the configuration names; null: `vault.key` in the data folder, made when it is missing. */
  readonly file: string | null
  readonly dataDir: string
}

/**
 * The variable UNIROUTE_VAULT_KEY, else the file of the configuration, else systemd's credential `uniroute-vault-key`,
 * else a file in the data folder.
 */
export function keySource({ env, file, dataDir }: VaultPlace): KeySource {
  const text = env['UNIROUTE_VAULT_KEY']
  if (text !== undefined && text !== '') {
    const name = 'UNIROUTE_VAULT_KEY'
    return { name, load: async () => parseKeys(text, name), rotate: null }
  }
  const credentials = env['CREDENTIALS_DIRECTORY']
  if (file === null && credentials !== undefined) {
    const credential = join(credentials, CREDENTIAL)
    return new CredentialOrFile(credential, join(dataDir, 'vault.key'))
  }
  return new KeyFile(file ?? join(dataDir, 'vault.key'), file === null)
}

/** A file with a key in each line. */
class KeyFile implements KeySource {
  readonly name: string
  /** Made when it is missing. */
  readonly #mayMake: boolean

  constructor(name: string, mayMake: boolean) {
    this.name = name
    this.#mayMake = mayMake
  }

  async load(): Promise<readonly VaultKey[]> {
    try {
      return await readKeys(this.name)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || !this.#mayMake) throw asVaultError(this.name, error)
    }
    try {
      await mkdir(dirname(this.name), { recursive: true, mode: 0o700 })
      await makeFile(this.name, `${newKey()}\n`)
      return await readKeys(this.name)
    } catch (error) {
      throw asVaultError(this.name, error)
    }
  }

  readonly rotate = async (): Promise<void> => {
    const [newest] = await this.load()
    try {
      const draft = `${this.name}.${randomUUID()}`
      await writeWhole(draft, `${newKey()}\n${newest?.bytes.toString('base64url')}\n`)
      await rename(draft, this.name)
    } catch (error) {
      throw asVaultError(this.name, error)
    }
  }
}

/** systemd's credential where the unit has one. */
class CredentialOrFile implements KeySource {
  readonly #credential: string
  readonly #file: KeyFile
  #hasCredential = true

  constructor(credential: string, file: string) {
    this.#credential = credential
    this.#file = new KeyFile(file, true)
  }

  get name(): string {
    return this.#hasCredential ? this.#credential : this.#file.name
  }

  get rotate(): KeySource['rotate'] {
    return this.#hasCredential ? null : this.#file.rotate
  }

  async load(): Promise<readonly VaultKey[]> {
    try {
      return parseKeys(await readFile(this.#credential, 'utf8'), this.#credential)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw asVaultError(this.#credential, error)
      this.#hasCredential = false
      return this.#file.load()
    }
  }
}

function newKey(): string {
  return randomBytes(KEY_BYTES).toString('base64url')
}

/** Others may not read it: a key that they could have read keeps nothing secret. */
async function readKeys(file: string): Promise<readonly VaultKey[]> {
  const handle = await open(file, 'r')
  try {
    const { mode } = await handle.stat()
    if ((mode & 0o077) !== 0) {
      throw problem(file, `others may read it (mode ${(mode & 0o777).toString(8)})`, `run: chmod 600 ${file}`)
    }
    return parseKeys(await handle.readFile('utf8'), file)
  } finally {
    await handle.close()
  }
}

function parseKeys(text: string, name: string): readonly VaultKey[] {
  const lines = text.split(/[\s,]+/).filter((line) => line !== '')
  const todo =
    'give 32 random bytes in base64url, such as `openssl rand -base64 32 | tr +/ -_ | tr -d =` prints them; several ' +
    'keys, the one to encrypt with first, each in a line of its own'
  if (lines.length === 0) throw problem(name, 'it is empty', todo)
  return lines.map((line) => {
    const plain = line.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
    if (!KEY_TEXT.test(plain)) throw problem(name, 'it holds something that is no key', todo)
    return vaultKey(Buffer.from(plain, 'base64url'))
  })
}

/** Of several processes that make it at once, one does. */
async function makeFile(file: string, text: string): Promise<void> {
  const draft = `${file}.${randomUUID()}`
  try {
    await writeWhole(draft, text)
    await link(draft, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await rm(draft, { force: true })
  }
}

async function writeWhole(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function asVaultError(name: string, error: unknown): CertificateError {
  if (error instanceof CertificateError) return error
  const { code } = error as NodeJS.ErrnoException
  const todo =
    code === 'ENOENT'
      ? 'restore it from a backup, or take certs.key_file out of the configuration to have one made'
      : 'let the user that runs the server read it, and nobody else'
  return problem(name, `it could not be read (${fileReason(error)})`, todo, error)
}

function problem(name: string, happened: string, todo: string, cause?: unknown): CertificateError {
  return new CertificateError(
    'UR_VAULT_KEY',
    `The key for the secrets that are kept, ${name}, cannot be used: ${happened}. What to do: ${todo}.`,
    { cause },
  )
}
