import { constants, existsSync } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { keySource } from '../certs/index.js'
import type { ListenAddress, ServerConfig } from '../config/index.js'
import { CertificateError, UniRouteError } from '../core/errors.js'
import { silentLogger } from '../core/logger.js'
import { lookAtStore } from '../store/index.js'
import { namesProblem, openFiles } from './certificates.js'
import { storeOptions } from './database.js'
import { hostPort } from './public-url.js'

/** One thing that was looked at. `problem` null: it is as it should be. */
export interface Finding {
  readonly what: string
  readonly problem: string | null
}

/**
 * Looks whether a server with this configuration could run here and now: data folder, certificates, free ports.
 * Leaves nothing behind.
 */
export async function checkServer(config: ServerConfig): Promise<Finding[]> {
  const { tls, http, admin, metrics } = config.listen
  return [
    { what: `data folder ${config.data_dir}`, problem: await dataFolderProblem(config.data_dir) },
    ...(config.certs.mode === 'files'
      ? [{ what: 'certificate files', problem: await certificateProblem(config) }]
      : []),
    ...(config.certs.mode === 'acme'
      ? [{ what: 'key of the database’s secrets', problem: await vaultProblem(config) }]
      : []),
    ...(config.store === 'sqlite' ? [] : [await databaseFinding(config)]),
    await portFinding('listen.tls', tls),
    ...(http === null ? [] : [await portFinding('listen.http', http)]),
    ...(admin === null ? [] : [await portFinding('listen.admin', admin)]),
    ...(metrics === null ? [] : [await portFinding('listen.metrics', metrics)]),
  ]
}

async function dataFolderProblem(folder: string): Promise<string | null> {
  try {
    const found = await stat(folder)
    if (!found.isDirectory()) return 'it is not a folder'
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK)
    if ((found.mode & 0o077) !== 0) return `others may look into it; run: chmod 700 ${folder}`
    return null
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EACCES') return 'this user may not read and write in it'
    if (code !== 'ENOENT') return `it cannot be used: ${code}`
    return missingFolderProblem(folder)
  }
}

// It will be made at the start, if the nearest folder above that exists allows it.
async function missingFolderProblem(folder: string): Promise<string | null> {
  const parent = path.dirname(folder)
  try {
    await access(parent, constants.W_OK | constants.X_OK)
    return null
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && parent !== folder) return missingFolderProblem(parent)
    return `it is missing and this user may not make it in ${parent}`
  }
}

async function portFinding(key: string, { host, port }: ListenAddress): Promise<Finding> {
  const what = `${key} ${hostPort(host ?? '*', port)}`
  const server = createServer()
  const failure = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
    server.once('error', resolve)
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => server.close(() => resolve(null)))
  })
  if (failure === null) return { what, problem: null }
  if (failure.code === 'EADDRINUSE') return { what, problem: 'it is in use, perhaps by a uniroutd that runs' }
  if (failure.code === 'EACCES') return { what, problem: 'this user may not listen on it' }
  return { what, problem: `it cannot be listened on: ${failure.code ?? failure.message}` }
}

async function databaseFinding(config: ServerConfig): Promise<Finding> {
  try {
    const { name } = await lookAtStore(storeOptions(config))
    return { what: `database ${name}`, problem: null }
  } catch (error) {
    if (error instanceof UniRouteError) return { what: 'database', problem: `${error.message} (${error.code})` }
    throw error
  }
}

async function certificateProblem(config: ServerConfig): Promise<string | null> {
  try {
    const book = await openFiles(config, silentLogger)
    book.close()
    return namesProblem(book, config.domain)
  } catch (error) {
    if (error instanceof CertificateError) return `${error.message} (${error.code})`
    throw error
  }
}

// A key file of the data folder is made at the start, and not by a look.
async function vaultProblem({ certs, data_dir: dataDir }: ServerConfig): Promise<string | null> {
  const source = keySource({ env: process.env, file: certs.key_file, dataDir })
  if (certs.key_file === null && source.rotate !== null && !existsSync(source.name)) return null
  try {
    await source.load()
    return null
  } catch (error) {
    if (error instanceof CertificateError) return `${error.message} (${error.code})`
    throw error
  }
}
