import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Processes } from './processes.js'

export interface Certificates {
  ca: string
  /** Certificate and key for `localhost` in one PEM file. */
  pem: string
  certificate: string
  key: string
  pkcs12: string
  pkcs12Password: string
  /** Certificate and key of the site, ECDSA, as authorities issue them by default now. */
  site: { certificate: string; key: string }
  /** RSA, for handshakes with both kinds. */
  rsaSite: { certificate: string; key: string }
}

/** The host name of the site that HTTP loads visit, for those who route by it. */
export const SITE = 'web.localhost'
/** The same upstream by another name, whose certificate is RSA. */
export const RSA_SITE = 'rsa.localhost'

/** Makes a certification authority and a certificate for `localhost` and the addresses that the bench uses. */
export async function makeCertificates(folder: string, processes: Processes): Promise<Certificates> {
  const path = (name: string): string => join(folder, name)
  const openssl = (...args: string[]): Promise<string> => processes.run('openssl', ['openssl', ...args])
  const key = ['-newkey', 'rsa:2048', '-nodes', '-sha256']
  writeFileSync(path('leaf.ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:10.9.0.1\nbasicConstraints=CA:FALSE\n')
  await openssl('req', '-x509', ...key, '-days', '30', '-subj', '/CN=Bench CA', '-keyout', path('ca.key'),
    '-out', path('ca.pem')) // prettier-ignore
  await openssl('req', ...key, '-subj', '/CN=localhost', '-keyout', path('leaf.key'), '-out', path('leaf.csr'))
  await openssl('x509', '-req', '-in', path('leaf.csr'), '-CA', path('ca.pem'), '-CAkey', path('ca.key'), '-days', '30',
    '-CAcreateserial', '-sha256', '-extfile', path('leaf.ext'), '-out', path('leaf.crt')) // prettier-ignore
  // The rustls build of rathole reads PKCS#12 only in its old encryption.
  await openssl('pkcs12', '-export', '-out', path('leaf.p12'), '-inkey', path('leaf.key'), '-in', path('leaf.crt'),
    '-certfile', path('ca.pem'), '-passout', 'pass:bench', '-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES',
    '-macalg', 'sha1') // prettier-ignore
  await makeSiteCertificate('site', SITE, ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'], path, openssl)
  await makeSiteCertificate('rsa-site', RSA_SITE, ['rsa:2048'], path, openssl)
  writeFileSync(path('leaf.pem'), readFileSync(path('leaf.key'), 'utf8') + readFileSync(path('leaf.crt'), 'utf8'))
  return {
    ca: path('ca.pem'),
    pem: path('leaf.pem'),
    certificate: path('leaf.crt'),
    key: path('leaf.key'),
    pkcs12: path('leaf.p12'),
    pkcs12Password: 'bench',
    site: { certificate: path('site.crt'), key: path('site.key') },
    rsaSite: { certificate: path('rsa-site.crt'), key: path('rsa-site.key') },
  }
}

async function makeSiteCertificate(
  name: string,
  host: string,
  key: readonly string[],
  path: (name: string) => string,
  openssl: (...args: string[]) => Promise<string>,
): Promise<void> {
  const [ext, csr] = [path(`${name}.ext`), path(`${name}.csr`)]
  writeFileSync(ext, `subjectAltName=DNS:${host}\nbasicConstraints=CA:FALSE\n`)
  await openssl('req', '-newkey', ...key, '-nodes', '-sha256', '-subj', `/CN=${host}`, '-keyout', path(`${name}.key`),
    '-out', csr) // prettier-ignore
  await openssl('x509', '-req', '-in', csr, '-CA', path('ca.pem'), '-CAkey', path('ca.key'), '-days', '30',
    '-CAcreateserial', '-sha256', '-extfile', ext, '-out', path(`${name}.crt`)) // prettier-ignore
}
