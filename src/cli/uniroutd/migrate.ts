import type { Command } from 'commander'
import type * as storeRoom from '../../store/index.js'
import type { MigrationStep, StoreOptions, StoreStatus } from '../../store/index.js'
import type { CommandContext } from '../program.js'
import { addStoreOptions, isMissing, type StoreFlags } from './store-command.js'

interface Flags extends StoreFlags {
  dryRun?: true
}

/** `uniroutd migrate`: brings the schema of the database up to date, as the start of the server does. */
export function addMigrateCommand(root: Command, { output }: CommandContext): void {
  const command = root
    .command('migrate')
    .description("bring the database's schema up to date, as `run` does at its start")
  command.option('--dry-run', 'only show what would be done')
  addStoreOptions(command, 'migrate', 'migrate --dry-run --json')
  command.action(async () => {
    const { dryRun = false, json } = command.opts<Flags>()
    const [store, { databaseOf }] = await Promise.all([import('../../store/index.js'), import('./server-config.js')])
    const options = databaseOf(command.opts<Flags>())
    const before = await statusOf(store, options)
    const steps = dryRun ? before.pending : await store.migrateStore(options)
    output.text(json ? `${JSON.stringify(plain(before, steps, !dryRun))}\n` : text(before, steps, !dryRun))
  })
}

/** A file that is not there yet is not made by a look at it. */
async function statusOf({ lookAtStore, NEW_SCHEMA }: typeof storeRoom, options: StoreOptions): Promise<StoreStatus> {
  if (!('file' in options) || !isMissing(options.file)) return lookAtStore(options)
  return { name: options.file, ...NEW_SCHEMA }
}

function plain(
  { name, version }: StoreStatus,
  steps: readonly MigrationStep[],
  done: boolean,
): Record<string, unknown> {
  return { database: name, from: version, to: steps.at(-1)?.version ?? version, steps, done }
}

function text({ name, version }: StoreStatus, steps: readonly MigrationStep[], done: boolean): string {
  if (steps.length === 0) return `The database ${name} is up to date (schema version ${version}).\n`
  const lines = steps.map((step) => `${done ? 'done   ' : 'to do  '}  version ${step.version}: ${step.name}`)
  return [`The database ${name} had schema version ${version}.`, ...lines].map((line) => `${line}\n`).join('')
}
