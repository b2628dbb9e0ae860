import path from 'node:path'

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
