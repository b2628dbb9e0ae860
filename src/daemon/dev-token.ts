import { chmod, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { RefusedError } from '../core/errors.js'
import { tokenHash, type Store } from '../store/index.js'

const NAME = 'dev'

/**
 * The token of `uniroutd dev`, the same one at each start: kept in the clear in the data folder (mode 0600), since
 * this server is for this machine alone. Made anew when it is missing or was revoked.
 */
export async function devToken(store: Store, dataDir: string): Promise<string> {
  const file = path.join(dataDir, 'dev-token')
  const kept = await readIfThere(file)
  if (kept !== null) {
    const record = await store.tokens.findByHash(tokenHash(kept))
    if (record && record.revokedAt === null) return kept
  }
  const token = await createToken(store)
  await writeFile(file, `${token}\n`, { mode: 0o600 })
  await chmod(file, 0o600)
  return token
}

// The name is taken when only the file was lost: nobody can know that token any more.
async function createToken(store: Store): Promise<string> {
  try {
    return (await store.tokens.create(NAME)).token
  } catch (error) {
    if (!(error instanceof RefusedError) || error.code !== 'UR_TOKEN_NAME_TAKEN') throw error
    await store.tokens.revoke(NAME)
    return (await store.tokens.create(NAME)).token
  }
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
