import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { type FileHandle, open, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { pkcs12 } from '../../certs/index.js'
import { ConfigError, UniRouteError } from '../../core/errors.js'
import { fileReason } from '../../core/file-reason.js'
import type { FileFlags } from './agent-cert.js'

/** What was written: paths, and a password that was made. */
export type WrittenFiles =
  { readonly cert: string; readonly key: string } | { readonly p12: string; readonly password?: string }

/** Of a PKCS#12 file; null where there is none. */
interface Password {
  readonly text: string
  readonly isNew: boolean
}

interface Opened {
  readonly path: string
  readonly handle: FileHandle
}

/**
 * The files of a certificate that is to be made, and its key, which is made here and leaves this machine by nothing else.
 * They are opened (0600) before anything is asked of the server, and none is overwritten.
 */
export class CertificateFiles {
  /** To be certified: SPKI, PEM. */
  readonly publicKey: string
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  readonly #name: string
  readonly #files: readonly Opened[]
  readonly #password: Password | null

  private constructor(name: string, files: readonly Opened[], password: Password | null) {
    this.publicKey = this.#keys.publicKey.export({ type: 'spki', format: 'pem' }).toString()
    this.#name = name
    this.#files = files
    this.#password = password
  }

  /** Throws ConfigError UR_USAGE; UniRouteError UR_AGENT_CERT_WRITE. */
  static async open(flags: FileFlags, name: string): Promise<CertificateFiles> {
    const { out, p12, p12PasswordFile } = flags
    if (p12 !== undefined && out !== undefined) throw new ConfigError('UR_USAGE', '--out and --p12 exclude each other')
    if (p12 === undefined && p12PasswordFile !== undefined) {
      throw new ConfigError('UR_USAGE', '--p12-password-file needs --p12')
    }
    const password = p12 === undefined ? null : await passwordOf(p12PasswordFile)
    const stem = path.resolve(out ?? '.', name)
    const paths = p12 === undefined ? [`${stem}.pem`, `${stem}.key`] : [path.resolve(p12)]
    const files: Opened[] = []
    try {
      for (const each of paths) files.push({ path: each, handle: await open(each, 'wx', 0o600) })
    } catch (error) {
      await removeAll(files)
      throw unwritten(paths[files.length] ?? '', error)
    }
    return new CertificateFiles(name, files, password)
  }

  /** Writes what was certified. Throws UniRouteError UR_AGENT_CERT_WRITE. */
  async write(made: { readonly certificate: string; readonly authority: string }): Promise<WrittenFiles> {
    const [first, second] = this.#files
    const key = this.#keys.privateKey
    if (first === undefined) throw new Error('no files were opened')
    if (this.#password !== null) {
      const { text, isNew } = this.#password
      const content = { key, certificate: made.certificate, authorities: [made.authority] }
      await writeAll(first, pkcs12(content, this.#name, text))
      return { p12: first.path, ...(isNew && { password: text }) }
    }
    if (second === undefined) throw new Error('one of two files was opened')
    await writeAll(second, key.export({ type: 'pkcs8', format: 'pem' }))
    await writeAll(first, made.certificate)
    return { cert: first.path, key: second.path }
  }

  /** Removes the files. */
  discard(): Promise<void> {
    return removeAll(this.#files)
  }
}

async function passwordOf(file: string | undefined): Promise<Password> {
  if (file !== undefined) {
    const text = await readFile(file, 'utf8').catch((error: unknown) => {
      throw new ConfigError(
        'UR_USAGE',
        `the file ${file} of --p12-password-file could not be read: ${fileReason(error)}`,
      )
    })
    return { text: text.replace(/\r?\n$/, ''), isNew: false }
  }
  const given = process.env['UNIROUTE_P12_PASSWORD'] ?? ''
  return given === '' ? { text: randomBytes(18).toString('base64url'), isNew: true } : { text: given, isNew: false }
}

async function writeAll({ path: file, handle }: Opened, content: string | Buffer): Promise<void> {
  try {
    await handle.writeFile(content)
    await handle.sync()
    await handle.close()
  } catch (error) {
    throw unwritten(file, error)
  }
}

async function removeAll(files: readonly Opened[]): Promise<void> {
  for (const { path: file, handle } of files) {
    await handle.close().catch(() => undefined)
    await rm(file, { force: true })
  }
}

function unwritten(file: string, error: unknown): UniRouteError {
  const { code, message } = error as NodeJS.ErrnoException
  const why = code === 'EEXIST' ? 'it is there already, and is not overwritten' : message
  const todo = 'name another folder with --out, or another file with --p12'
  return new UniRouteError('UR_AGENT_CERT_WRITE', `The file ${file} could not be written: ${why}. What to do: ${todo}.`)
}
