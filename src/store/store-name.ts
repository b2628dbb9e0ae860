import { resolve } from 'node:path'
import type { StoreOptions } from './index.js'
import { parsePostgresUrl } from './postgres-url.js'

/** What messages call a database: the path of its file, or its address without the password. Throws ConfigError UR_STORE_URL. */
export function storeName(options: StoreOptions): string {
  return 'file' in options ? resolve(options.file) : parsePostgresUrl(options.url).name
}
