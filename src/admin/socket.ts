import { connect } from 'node:net'
import path from 'node:path'
import { StoreError } from '../core/errors.js'

/** Bytes that the path of a Unix socket may have (unix(7)). */
const LONGEST_PATH = 107

/**
 * The socket through which commands on this machine reach the server that runs with the same data folder. Whoever may
 * open it, in a folder of mode 0700, is the owner of the database: no token is needed. Null: the path is too long.
 */
export function adminSocket(dataDir: string): string | null {
  const socket = path.resolve(dataDir, 'admin.sock')
  return Buffer.byteLength(socket) > LONGEST_PATH ? null : socket
}

/**
 * Throws StoreError UR_DATA_DIR_IN_USE when a server answers at the socket of a data folder. One that a killed server left
 * behind does not.
 */
export async function assertNotServed(socket: string): Promise<void> {
  if (!(await isServed(socket))) return
  throw new StoreError(
    'UR_DATA_DIR_IN_USE',
    `Another server runs with the data folder ${path.dirname(socket)}: it answers at ${socket}. ` +
      'What to do: stop that one, or give this one a data folder of its own (data_dir).',
  )
}

function isServed(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket)
    connection.once('error', () => resolve(false))
    connection.once('connect', () => {
      connection.destroy()
      resolve(true)
    })
  })
}
