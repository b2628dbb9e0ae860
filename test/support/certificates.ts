import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { program, temporaryFolder, type Owner } from './places.js'
import { must } from './processes.js'

/** PEM files of a certificate and its key. */
export interface Pair {
  readonly cert: string
  readonly key: string
}

/** A certificate authority in a folder of its own, made with openssl and known to nobody else. */
export class Authority {
  readonly folder: string
  readonly ca: string
  private readonly key: string
  private serial = 1

  private constructor(folder: string) {
    this.folder = folder
    this.ca = path.join(folder, 'ca.pem')
    this.key = path.join(folder, 'ca.key')
  }

  static async create(t: Owner, name: string): Promise<Authority> {
    const authority = new Authority(await temporaryFolder(t))
    const { ca, key } = authority
    const usage = ['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign']
    await openssl('req', '-x509', ...EC, '-keyout', key, '-out', ca, '-days', '2', '-subj', `/CN=${name}`, ...usage)
    return authority
  }

  /** Issues a server certificate for `names` (DNS names and IPv4 addresses), valid for `days` (may be 0: expired soon). */
  async issue(names: readonly string[], days = 2): Promise<Pair> {
    const stem = path.join(this.folder, `server-${this.serial++}`)
    const pair = { cert: `${stem}.pem`, key: `${stem}.key` }
    const san = names.map((name) => (/^[\d.]+$/.test(name) ? `IP:${name}` : `DNS:${name}`)).join(',')
    const subject = ['-subj', `/CN=${names[0] ?? 'server'}`]
    await openssl('req', ...EC, '-keyout', pair.key, '-out', `${stem}.csr`, ...subject)
    await writeFile(`${stem}.ext`, `subjectAltName=${san}\nextendedKeyUsage=serverAuth\n`)
    const signer = ['-CA', this.ca, '-CAkey', this.key, '-set_serial', String(this.serial), '-days', String(days)]
    await openssl('x509', '-req', '-in', `${stem}.csr`, ...signer, '-extfile', `${stem}.ext`, '-out', pair.cert)
    return pair
  }
}

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-sha256']

async function openssl(...args: string[]): Promise<void> {
  await must(await program('openssl', 'openssl'), args)
}
