import path from 'node:path'
import type { ServerConfig } from '../config/index.js'
import type { StoreOptions } from '../store/index.js'

/** The daemon's embedded database inside its data folder. */
export function databaseFile(dataDir: string): string {
  return path.join(dataDir, 'uniroute.db')
}

/** The database of a server with this configuration. */
export function storeOptions({ store, data_dir: dataDir }: Pick<ServerConfig, 'store' | 'data_dir'>): StoreOptions {
  return store === 'sqlite' ? { file: databaseFile(dataDir) } : { url: store }
}
