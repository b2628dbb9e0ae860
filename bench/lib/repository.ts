import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the project: the nearest one above this file that holds `proto`. */
export const repository = find(dirname(fileURLToPath(import.meta.url)))

function find(folder: string): string {
  if (existsSync(join(folder, 'proto'))) return folder
  const above = dirname(folder)
  if (above === folder) throw new Error('the bench must be built inside the repository')
  return find(above)
}
