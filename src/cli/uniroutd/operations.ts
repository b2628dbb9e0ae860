import { ApiClient } from '../../admin/client.js'
import type { Operations } from '../../admin/index.js'
import { adminSocket } from '../../admin/socket.js'
import { UniRouteError } from '../../core/errors.js'
import { silentLogger } from '../../core/logger.js'
import { storeName } from '../../store/store-name.js'
import { databaseConfig, serverOf } from './server-config.js'
import { assertThere, type StoreFlags } from './store-command.js'

/** What a command works on, and where that is. */
export interface Worker {
  readonly operations: Operations
  /** The file of the database, or its address without the password. */
  readonly database: string
}

/**
 * Does `work` on the server of these flags: through the one that runs with the data folder, otherwise on its database.
 * `mayMake`: a database that is not there is made. Throws StoreError, and what `work` throws.
 */
export async function withOperations<T>(
  flags: StoreFlags,
  work: (worker: Worker) => Promise<T>,
  mayMake = false,
): Promise<T> {
  const { store: options, dataDir } = serverOf(flags)
  const database = storeName(options)
  const client = await runningServer(dataDir, database)
  if (client !== null) return work({ operations: client, database })
  if (!mayMake) assertThere(options)
  const [{ StoreOperations }, { reserveSettings }, { openStore }] = await Promise.all([
    import('../../admin/store-operations.js'),
    import('../../daemon/reserving.js'),
    import('../../store/index.js'),
  ])
  const config = databaseConfig(flags)
  const names = reserveSettings(config, silentLogger)
  const vault = async () => {
    const { keySource, KeyVault } = await import('../../certs/index.js')
    return KeyVault.open(keySource({ env: process.env, file: config.certs.key_file, dataDir }))
  }
  const store = await openStore(options)
  try {
    return await work({ operations: new StoreOperations(store, { id: 'cli' }, names, vault), database })
  } finally {
    await store.close()
  }
}

/** The server that runs with the data folder of these flags. Throws UniRouteError UR_ADMIN_NO_SERVER. */
export async function liveServer(flags: StoreFlags): Promise<ApiClient> {
  const { store, dataDir } = serverOf(flags)
  const client = await runningServer(dataDir, storeName(store))
  if (client !== null) return client
  throw new UniRouteError(
    'UR_ADMIN_NO_SERVER',
    `no server runs with the data folder ${dataDir}; start it, or name the right one with --data-dir or --config`,
  )
}

// One that has another database than was asked for is another server.
async function runningServer(dataDir: string, database: string): Promise<ApiClient | null> {
  const socket = adminSocket(dataDir)
  if (socket === null) return null
  const client = new ApiClient(socket)
  const health = await client.health()
  return health?.database === database ? client : null
}
