import path from 'node:path'
import {
  devServerConfig,
  type Loaded,
  loadServerConfig,
  type ServerConfig,
  serverConfigWithoutFile,
} from '../../config/index.js'
import { ConfigError } from '../../core/errors.js'
import { storeOptions } from '../../daemon/database.js'
import type { StoreOptions } from '../../store/index.js'
import { overridesOf } from '../options.js'
import { type ConfigFlags, SERVER_OPTIONS } from './config-flags.js'
import { assertThere } from './store-command.js'

/** The configuration of `run` and `check`, with the flags in it. Throws ConfigError, which says `otherwise` when there is no file. */
export function serverConfig(
  flags: ConfigFlags,
  otherwise = 'to try things out on this machine, run: uniroutd dev',
): Loaded<ServerConfig> {
  const overrides = overridesOf(SERVER_OPTIONS, absolutePaths(flags))
  const { env } = process
  if (flags.config !== undefined) return loadServerConfig({ file: flags.config, env, overrides })
  try {
    return loadServerConfig({ env, overrides })
  } catch (error) {
    if (!(error instanceof ConfigError) || error.code !== 'UR_CONFIG_MISSING') throw error
    throw new ConfigError(error.code, `${error.message}; ${otherwise}`)
  }
}

/** The configuration of `dev`, with the flags in it. Throws ConfigError. */
export function devConfig(flags: ConfigFlags): ServerConfig {
  return devServerConfig(overridesOf(SERVER_OPTIONS, absolutePaths(flags)))
}

/** Where a server keeps what it knows. */
export interface ServerPlace {
  readonly store: StoreOptions
  readonly dataDir: string
}

/**
 * The database and the data folder of the server, from its configuration. No file of that is read when it is not named and flags and
 * environment say enough: a data folder, or in UNIROUTE_STORE the address of PostgreSQL. Throws ConfigError.
 */
export function serverOf(flags: ConfigFlags): ServerPlace {
  if (flags.config === undefined) {
    const overrides = overridesOf(SERVER_OPTIONS, absolutePaths(flags))
    const given = serverConfigWithoutFile({ env: process.env, overrides })
    if (given.store !== 'sqlite' || flags.dataDir !== undefined) return placeOf(given)
  }
  const otherwise = 'or name the data folder with --data-dir: that of `uniroutd dev` is .uniroute-dev'
  return placeOf(serverConfig(flags, otherwise).config)
}

function placeOf(config: ServerConfig): ServerPlace {
  return { store: storeOptions(config), dataDir: config.data_dir }
}

/** The database alone, as `serverOf`. */
export function databaseOf(flags: ConfigFlags): StoreOptions {
  return serverOf(flags).store
}

/** The server's database, which must be there. Throws StoreError. */
export function existingDatabase(flags: ConfigFlags): StoreOptions {
  const options = databaseOf(flags)
  assertThere(options)
  return options
}

/**
 * The configuration of the server whose database `databaseOf` gives. Where flags and environment name that, there need
 * be no file: its keys have their defaults then. Throws ConfigError.
 */
export function databaseConfig(flags: ConfigFlags): ServerConfig {
  try {
    return serverConfig(flags).config
  } catch (error) {
    const isMissing = error instanceof ConfigError && error.code === 'UR_CONFIG_MISSING'
    if (!isMissing || flags.config !== undefined) throw error
    return serverConfigWithoutFile({ env: process.env, overrides: overridesOf(SERVER_OPTIONS, absolutePaths(flags)) })
  }
}

// A path on the command line is meant from the working folder, not from the file's.
function absolutePaths(flags: ConfigFlags): Readonly<Record<string, unknown>> {
  return flags.dataDir === undefined ? { ...flags } : { ...flags, dataDir: path.resolve(flags.dataDir) }
}
