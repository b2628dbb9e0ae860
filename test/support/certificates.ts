import { rename, writeFile } from 'node:fs/promises'
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

  static async create(t: Owner, name: string, days = 2): Promise<Authority> {
    const authority = new Authority(await temporaryFolder(t))
    const { ca, key } = authority
    const usage = ['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign']
    await openssl(
      'req',
      '-x509',
      ...EC,
      '-keyout',
      key,
      '-out',
      ca,
      '-days',
      String(days),
      '-subj',
      `/CN=${name}`,
      ...usage,
    )
    return authority
  }

  /** Issues a server certificate for `names` (DNS names and IPv4 addresses), valid for `days` (may be 0: expired soon). */
  async issue(names: readonly string[], days = 2): Promise<Pair> {
    const stem = path.join(this.folder, `server-${this.serial++}`)
    const pair = { cert: `${stem}.pem`, key: `${stem}.key` }
    const san = names.map((name) => (/^[\d.]+$/.test(name) ? `IP:${name}` : `DNS:${name}`)).join(',')
    const subject = ['-subj', `/CN=${names[0] ?? 'server'}`]
    await openssl('req', ...EC, '-keyout', pair.key, '-out', `${stem}.csr`, ...subject)
    await this.#sign(stem, `subjectAltName=${san}\nextendedKeyUsage=serverAuth\n`, days)
    return pair
  }

  /** Issues a certificate for a client; `usage`: its extended key usage, null for none. */
  async issueClient(name: string, usage: string | null = 'clientAuth'): Promise<Pair> {
    const stem = path.join(this.folder, `client-${this.serial++}`)
    await openssl('req', ...EC, '-keyout', `${stem}.key`, '-out', `${stem}.csr`, '-subj', `/CN=${name}`)
    await this.#sign(stem, `basicConstraints=CA:FALSE\n${usage === null ? '' : `extendedKeyUsage=${usage}\n`}`, 2)
    return { cert: `${stem}.pem`, key: `${stem}.key` }
  }

  /** Issues a certificate for a client that was good for a day in 2020. */
  async issueExpiredClient(name: string): Promise<Pair> {
    const stem = path.join(this.folder, `client-${this.serial++}`)
    const pair = { cert: `${stem}.pem`, key: `${stem}.key` }
    await openssl('req', ...EC, '-keyout', pair.key, '-out', `${stem}.csr`, '-subj', `/CN=${name}`)
    const [config, database] = [`${stem}.cnf`, `${stem}.db`]
    const policy = `[ca]\ndefault_ca=ca\ndatabase=${database}\nserial=${stem}.serial\nnew_certs_dir=${this.folder}\npolicy=policy\n[policy]\ncommonName=supplied\n`
    await Promise.all([writeFile(config, policy), writeFile(database, '')])
    await writeFile(`${stem}.ext`, 'extendedKeyUsage=clientAuth\n')
    const dates = ['-startdate', '20200101000000Z', '-enddate', '20200102000000Z', '-md', 'sha256']
    const signer = ['-cert', this.ca, '-keyfile', this.key, '-create_serial', '-notext', '-extfile', `${stem}.ext`]
    await openssl('ca', '-batch', '-config', config, ...signer, ...dates, '-in', `${stem}.csr`, '-out', pair.cert)
    return pair
  }

  /** An authority that this one vouches for. */
  async intermediate(t: Owner, name: string): Promise<Authority> {
    const below = new Authority(await temporaryFolder(t))
    const stem = path.join(this.folder, `authority-${this.serial++}`)
    await openssl('req', ...EC, '-keyout', below.key, '-out', `${stem}.csr`, '-subj', `/CN=${name}`)
    await this.#sign(stem, 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n', 2)
    await rename(`${stem}.pem`, below.ca)
    return below
  }

  async #sign(stem: string, extensions: string, days: number): Promise<void> {
    await writeFile(`${stem}.ext`, extensions)
    const signer = ['-CA', this.ca, '-CAkey', this.key, '-set_serial', String(this.serial), '-days', String(days)]
    await openssl('x509', '-req', '-in', `${stem}.csr`, ...signer, '-extfile', `${stem}.ext`, '-out', `${stem}.pem`)
  }
}

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-sha256']

async function openssl(...args: string[]): Promise<void> {
  await must(await program('openssl', 'openssl'), args)
}
