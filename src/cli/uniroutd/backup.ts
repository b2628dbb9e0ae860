import type { Command } from 'commander'
import type { CommandContext } from '../program.js'
import { addStoreOptions, type StoreFlags } from './store-command.js'

/** `uniroutd backup` and `uniroutd restore`, of the embedded database. */
export function addBackupCommands(root: Command, { output }: CommandContext): void {
  const backup = root.command('backup <file>').description('copy the database into a new file, while the server runs')
  addStoreOptions(backup, 'backup /var/backups/uniroute.db')
  backup.action(async (target: string) => {
    const flags = backup.opts<StoreFlags>()
    const [{ backupStore }, { existingDatabase }] = await loaded()
    const { version, bytes } = await backupStore(existingDatabase(flags), target)
    const size = `${bytes} bytes, schema version ${version}`
    output.text(
      flags.json
        ? `${JSON.stringify({ backup: target, bytes, schema_version: version })}\n`
        : `The database is saved in ${target} (${size}).\n`,
    )
  })

  const restore = root
    .command('restore <file>')
    .description('put a backup in the place of the database; stop the server first')
  addStoreOptions(restore, 'restore /var/backups/uniroute.db')
  restore.action(async (source: string) => {
    const flags = restore.opts<StoreFlags>()
    const [{ restoreStore }, { databaseOf }] = await loaded()
    const { version, kept } = await restoreStore(databaseOf(flags), source)
    const before = kept === null ? 'There was none before.' : `The one before is ${kept}.`
    output.text(
      flags.json
        ? `${JSON.stringify({ restored: source, schema_version: version, kept })}\n`
        : `The database is now that of ${source} (schema version ${version}). ${before}\n`,
    )
  })
}

function loaded() {
  return Promise.all([import('../../store/index.js'), import('./server-config.js')])
}
