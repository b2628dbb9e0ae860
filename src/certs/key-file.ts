import { stat } from 'node:fs/promises'

/**
 * The mode of a file with a private key, such as `0644`, when others than its owner may read or write it; null: they may
 * not. Throws what the system says of a file that cannot be looked at.
 */
export async function modeForOthers(file: string): Promise<string | null> {
  const { mode } = await stat(file)
  return (mode & 0o077) === 0 ? null : (mode & 0o777).toString(8).padStart(4, '0')
}

/** What is to be said of a file with a private key that others may read or write; null: nothing. */
export async function keyFileWarning(file: string): Promise<string | null> {
  const mode = await modeForOthers(file).catch(() => null)
  if (mode === null) return null
  return `${file} holds a private key and others can read it (mode ${mode}); run: chmod 600 ${file}`
}
