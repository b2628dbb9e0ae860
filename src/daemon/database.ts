import path from 'node:path'

/** The daemon's database inside its data folder. */
export function databaseFile(dataDir: string): string {
  return path.join(dataDir, 'uniroute.db')
}
