import { X509Certificate } from 'node:crypto'
import { keySource, KeyVault, renewalTime, rotateVaultKey } from '../../certs/index.js'
import { type CertificateRecord, openStore, type Store } from '../../store/index.js'
import { jsonLines, table } from '../table.js'
import { databaseConfig, existingDatabase } from './server-config.js'
import type { StoreFlags } from './store-command.js'

/** What `uniroutd certs list` prints. Throws StoreError. */
export function listCertificates(flags: StoreFlags): Promise<string> {
  return withStore(flags, (store) => listed(store, flags.json === true))
}

/** Does what `uniroutd certs rotate-key` says; gives what it prints. Throws StoreError, CertificateError UR_VAULT_KEY. */
export function rotateKey(flags: StoreFlags): Promise<string> {
  return withStore(flags, (store) => rotated(store, flags))
}

async function withStore<T>(flags: StoreFlags, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore(existingDatabase(flags))
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

async function listed({ certificates }: Store, json: boolean): Promise<string> {
  const [{ records }, failures] = await Promise.all([certificates.changedSince(0), certificates.failures()])
  const views = [...records].sort((a, b) => a.expiresAt.getTime() - b.expiresAt.getTime()).map(viewOf)
  const failed = failures.map(({ name, failures: count, failedAt, nextAt, code, message }) => ({
    name,
    failures: count,
    failed_at: failedAt.toISOString(),
    next_try: nextAt.toISOString(),
    code,
    message,
  }))
  if (json) return jsonLines([...views, ...failed])
  const rows = views.map(({ name, not_after, renews_at, directory }) => [name, not_after, renews_at, directory])
  const problems = failed.map((each) => `${each.name}: ${each.message} (${each.code}; next try ${each.next_try})\n`)
  return [table(['NAME', 'VALID UNTIL', 'RENEWED AT', 'FROM'], rows), ...problems].join('')
}

function viewOf({ name, chain, directory, issuedAt, renewAt }: CertificateRecord) {
  const leaf = new X509Certificate(chain)
  const lifetime = { notBefore: new Date(leaf.validFrom), notAfter: new Date(leaf.validTo) }
  return {
    name,
    names: (leaf.subjectAltName ?? '').replaceAll('DNS:', '').split(', '),
    issued_at: issuedAt.toISOString(),
    not_after: lifetime.notAfter.toISOString(),
    renews_at: renewalTime(lifetime, renewAt).toISOString(),
    directory,
  }
}

async function rotated(store: Store, flags: StoreFlags): Promise<string> {
  const { certs, data_dir: dataDir } = databaseConfig(flags)
  const vault = await KeyVault.open(keySource({ env: process.env, file: certs.key_file, dataDir }))
  const { key, isNew, encrypted, unreadable } = await rotateVaultKey(store, vault)
  if (flags.json) return jsonLines([{ key, new_key: isNew, encrypted, unreadable }])
  const what = isNew ? `A new key stands in ${key}, before the old one` : `The first key of ${key} was used`
  const left = unreadable.map((each) => `The ${each} could not be read, and stays as it is.\n`).join('')
  return `${what}; ${encrypted} private keys were encrypted with it. Keep a copy of it apart from those of the database.\n${left}`
}
