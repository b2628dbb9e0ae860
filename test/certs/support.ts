import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CertificateFiles } from '../../src/certs/index.js'
import { signedCertificate } from '../../src/certs/x509.js'

const DAY_MS = 86_400_000

export const inDays = (days: number): Date => new Date(Date.now() + days * DAY_MS)

export interface Issued {
  readonly cert: string
  readonly key: string
}

interface IssueOptions {
  readonly names?: readonly string[]
  readonly from?: Date
  readonly to?: Date
}

/** A CA for example.com that issues what a test needs, also what is wrong. */
export class TestAuthority {
  readonly cert: string
  readonly #keys: { publicKey: KeyObject; privateKey: KeyObject }

  constructor() {
    this.#keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const role = { permitted: { hosts: ['example.com', 'localhost'], ranges: ['127.0.0.0/8'] } }
    this.cert = this.#sign('Test CA', this.#keys.publicKey, inDays(-30), inDays(30), role)
  }

  issue({ names = ['a.example.com'], from = inDays(-1), to = inDays(20) }: IssueOptions = {}): Issued {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const cert = this.#sign('Test server', publicKey, from, to, { names })
    return { cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
  }

  /** A certificate for a key that somebody else has. */
  certify(
    publicKey: KeyObject,
    { names = ['a.example.com'], from = inDays(-1), to = inDays(20) }: IssueOptions,
  ): string {
    return this.#sign('Test server', publicKey, from, to, { names })
  }

  #sign(
    commonName: string,
    publicKey: KeyObject,
    notBefore: Date,
    notAfter: Date,
    role: Parameters<typeof signedCertificate>[0]['role'],
  ): string {
    const fields = {
      commonName,
      issuerName: 'Test CA',
      notBefore,
      notAfter,
      publicKey,
      issuerKey: this.#keys.publicKey,
      role,
    }
    return signedCertificate(fields, this.#keys.privateKey)
  }
}

/** Writes `name.pem` and `name.key` into a folder. */
export function writePair(dir: string, name: string, { cert, key }: Issued): CertificateFiles {
  const files = { cert: join(dir, `${name}.pem`), key: join(dir, `${name}.key`) }
  writeFileSync(files.cert, cert)
  writeFileSync(files.key, key)
  return files
}
