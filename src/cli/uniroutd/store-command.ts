import { statSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { StoreError } from '../../core/errors.js'
import type { StoreOptions } from '../../store/index.js'
import { example } from '../options.js'
import type { ConfigFlags } from './config-flags.js'

/** Flags of the commands that work on the database themselves. */
export interface StoreFlags extends ConfigFlags {
  json?: true
}

/** Adds the flags that say where the database is, and --json; `samples` are command lines behind `uniroutd`. */
export function addStoreOptions(command: Command, ...samples: string[]): Command {
  return command
    .option('--config <file>', 'configuration that names the database or the data folder')
    .option('--data-dir <folder>', 'the data folder itself')
    .addOption(new Option('--json', 'print JSON, one object a line'))
    .addHelpText('after', example(...samples.map((sample) => `uniroutd ${sample}`)))
}

/** Throws StoreError UR_STORE_MISSING for an embedded database that is not there: a folder mistyped is not a new one. */
export function assertThere(options: StoreOptions): void {
  if ('file' in options && isMissing(options.file)) throw missing(options.file)
}

/** Whether there is no such file. What keeps us from looking is told when the store is opened. */
export function isMissing(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) === undefined
  } catch {
    return false
  }
}

function missing(file: string): StoreError {
  return new StoreError(
    'UR_STORE_MISSING',
    `looked for the database ${file}, and there is none; name the server's data folder with --data-dir or --config`,
  )
}
