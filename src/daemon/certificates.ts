import { readFileSync } from 'node:fs'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { ServerConfig } from '../config/index.js'
import { ConfigError } from '../core/errors.js'
import type { Logger } from '../core/logger.js'
import type { CertificatePem } from '../ingress/index.js'

/** The server's certificates, wherever they come from. */
export interface Certificates {
  /** Of agents that ask for a name without a certificate, or for none. */
  readonly defaultPem: CertificatePem
  /** PEM file of the development authority; null when there is none. */
  readonly caFile: string | null
  /** The certificate for a server name; null: the default one. */
  contextFor(serverName: string): SecureContext | null
  /** Calls back whenever `defaultPem` is another one. */
  onDefaultChange(listener: (pem: CertificatePem) => void): void
  /** Follows a new configuration. Throws CertificateError; then the old certificates stay. */
  reload(config: ServerConfig): Promise<void>
  close(): void
}

/** Loads the certificates of a configuration, and watches what can change. Throws CertificateError. */
export async function openCertificates(config: ServerConfig, _log: Logger): Promise<Certificates> {
  if (config.certs.mode !== 'files') throw new ConfigError('UR_NOT_IN_VERSION', 'only certs.mode files is there yet')
  const load = (from: ServerConfig): CertificatePem => {
    const file = from.certs.files[0]
    if (!file) throw new ConfigError('UR_CONFIG_VALUE', 'certs.files is empty')
    const pem = { cert: readFileSync(file.cert), key: readFileSync(file.key) }
    createSecureContext(pem)
    return pem
  }
  let pem = load(config)
  const listeners: ((pem: CertificatePem) => void)[] = []
  return {
    get defaultPem() {
      return pem
    },
    caFile: null,
    contextFor: () => null,
    onDefaultChange: (listener) => void listeners.push(listener),
    reload: async (now) => {
      pem = load(now)
      for (const listener of listeners) listener(pem)
    },
    close: () => undefined,
  }
}
