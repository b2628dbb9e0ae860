import { chmod, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { RefusedError } from '../core/errors.js'
import { tokenHash, type Store } from '../store/index.js'

const NAME = 'dev'

/** The tokens of `uniroutd dev`. */
export interface DevTokens {
  readonly token: string
  readonly adminToken: string
}

/** How tokens of one kind are found, made and revoked. */
interface Kind {
  find(hash: string): Promise<{ readonly revokedAt: Date | null } | null>
  create(): Promise<string>
  revoke(): Promise<unknown>
}

/**
 * The tokens of `uniroutd dev`, for an agent and for the admin API, the same at each start: kept in the clear in the data
 * folder (mode 0600), since this server is for this machine alone. Made anew when missing or revoked.
 */
export async function devTokens({ tokens, adminTokens }: Store, dataDir: string): Promise<DevTokens> {
  const token = await kept(path.join(dataDir, 'dev-token'), {
    find: (hash) => tokens.findByHash(hash),
    create: async () => (await tokens.create(NAME)).token,
    revoke: () => tokens.revoke(NAME),
  })
  const adminToken = await kept(path.join(dataDir, 'dev-admin-token'), {
    find: (hash) => adminTokens.findByHash(hash),
    create: async () => (await adminTokens.create(NAME, { scope: 'write' })).token,
    revoke: () => adminTokens.revoke(NAME),
  })
  return { token, adminToken }
}

async function kept(file: string, kind: Kind): Promise<string> {
  const before = await readIfThere(file)
  if (before !== null) {
    const record = await kind.find(tokenHash(before))
    if (record?.revokedAt === null) return before
  }
  const token = await create(kind)
  await writeFile(file, `${token}\n`, { mode: 0o600 })
  await chmod(file, 0o600)
  return token
}

// The name is taken when only the file was lost: nobody can know that token any more.
async function create(kind: Kind): Promise<string> {
  try {
    return await kind.create()
  } catch (error) {
    if (!(error instanceof RefusedError) || error.code !== 'UR_TOKEN_NAME_TAKEN') throw error
    await kind.revoke()
    return kind.create()
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
