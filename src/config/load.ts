import { readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { ConfigError } from '../core/errors.js'
import { type AgentConfig, type AgentTunnelConfig, agentSchema, tunnelSchema } from './agent-schema.js'
import { AGENT_WORDS, SERVER_WORDS } from './foreign.js'
import { holdsHttpSecret } from './http-schema.js'
import { checkAgent, checkServer, checkTunnel } from './rules.js'
import { type ServerConfig, serverSchema } from './server-schema.js'
import { expandHome, homeFolder, type Override, plainSource, type Source, withOverrides, yamlSource } from './source.js'
import { folderOf, validate } from './validate.js'

/** Where `uniroutd run` looks without `--config`. */
export const DEFAULT_SERVER_FILE = '/etc/uniroute/uniroutd.yml'

/** A configuration and where it came from. */
export interface Loaded<C> {
  readonly config: C
  /** Absolute; null when there was no file. */
  readonly file: string | null
  /** Sentences for the log. */
  readonly warnings: readonly string[]
}

/** What the server's command line and environment say. */
export interface ServerSources {
  /** `--config` */
  readonly file?: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly overrides?: readonly Override[]
}

const SERVER_VARIABLES = { UNIROUTE_STORE: 'store' } as const

/**
 * The configuration of `uniroutd`: flags win over the environment, the environment over the file.
 * @throws ConfigError UR_CONFIG_*: file missing or unreadable, not YAML, unknown key, value not allowed
 */
export function loadServerConfig({ file: flag, env, overrides = [] }: ServerSources): Loaded<ServerConfig> {
  const file = resolve(expandHome(flag ?? DEFAULT_SERVER_FILE))
  const folder = env['UNIROUTE_STORE'] ? process.cwd() : folderOf(file)
  const source = complete(readSource(file), { env, overrides }, folder)
  return { config: validServer(source, folderOf(file)), file, warnings: [] }
}

/** What flags and environment alone say of the server: for commands that only want its database. Throws as `loadServerConfig`. */
export function serverConfigWithoutFile(sources: Omit<ServerSources, 'file'>): ServerConfig {
  const source = complete(plainSource({ certs: { mode: 'dev' } }, 'uniroutd'), sources, process.cwd())
  return validServer(source, process.cwd())
}

function validServer(source: Source, folder: string): ServerConfig {
  return validate(serverSchema, source, folder, checkServer, SERVER_WORDS)
}

/** `folder`: from which the file is meant that `store` may name. */
function complete(source: Source, { env, overrides = [] }: Omit<ServerSources, 'file'>, folder: string): Source {
  const written = withOverrides(source, [...fromVariables(env, SERVER_VARIABLES), ...overrides])
  return withOverrides(written, storeElsewhere(written, folder))
}

/**
 * A server configuration from plain values, written as in the file; relative paths are meant from the working folder.
 * @param name how messages call the source
 */
export function serverConfigFrom(raw: object, name: string, overrides: readonly Override[] = []): ServerConfig {
  return validServer(withOverrides(plainSource(raw, name), overrides), folderOf(null))
}

/** The configuration of `uniroutd dev`: loopback only, a certificate authority of its own, data in a local folder. */
export function devServerConfig(overrides: readonly Override[] = []): ServerConfig {
  const raw = {
    domain: 'localhost',
    data_dir: '.uniroute-dev',
    listen: { tls: '127.0.0.1:8443', http: '127.0.0.1:8080', tcp_ports: '127.0.0.1:20000-29999' },
    certs: { mode: 'dev' },
    names: { custom_domains: 'any' },
  }
  return serverConfigFrom(raw, 'uniroutd dev', overrides)
}

/** What the agent's command line and environment say. */
export interface AgentSources {
  /** `--config` */
  readonly file?: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly overrides?: readonly Override[]
}

const AGENT_VARIABLES = {
  UNIROUTE_SERVER: 'server',
  UNIROUTE_TOKEN: 'token',
  UNIROUTE_AGENT_CERT: 'agent_cert',
  UNIROUTE_AGENT_KEY: 'agent_key',
  UNIROUTE_CA: 'ca',
} as const

/** Keys that are paths, and that flags or variables may give. */
const PATH_KEYS: ReadonlySet<string | undefined> = new Set([
  'ca',
  'agent_cert',
  'agent_key',
  'agent_cert_password_file',
  'upstream_ca',
  'state_dir',
])

/**
 * The configuration of `uniroute`: flags win over the environment, the environment over the file.
 * The default file may be missing; one that was named may not. Paths in flags and variables are meant from the working folder.
 * @throws ConfigError as `loadServerConfig`
 */
export function loadAgentConfig({ file: flag, env, overrides = [] }: AgentSources): Loaded<AgentConfig> {
  const named = flag ?? (env['UNIROUTE_CONFIG'] || undefined)
  const file = resolve(expandHome(named ?? defaultAgentFile(env)))
  const source = named === undefined ? readIfThere(file) : readSource(file)
  const all = [...fromVariables(env, AGENT_VARIABLES), ...overrides].map(fromWorkingFolder)
  const used = source === null ? null : file
  const merged = withOverrides(source ?? plainSource({}, 'configuration'), all)
  const config = validate(agentSchema, merged, folderOf(used), checkAgent, AGENT_WORDS)
  return { config, file: used, warnings: used === null ? [] : warningsOf(used, source?.raw) }
}

/**
 * One tunnel from plain values, written as below `tunnels.NAME` of the agent's file; relative paths are meant from the
 * working folder. `origins`: how messages call keys that were given under other names.
 * @throws ConfigError UR_CONFIG_*, naming every key that is wrong
 */
export function tunnelConfigFrom(
  keys: Readonly<Record<string, unknown>>,
  origins: Readonly<Record<string, string>> = {},
): AgentTunnelConfig {
  const given = Object.entries(keys).map(([key, value]) => ({ path: [key], value, origin: origins[key] ?? key }))
  const source = withOverrides(plainSource({}, 'the tunnel'), given)
  return validate(tunnelSchema, source, folderOf(null), (tunnel) => checkTunnel(tunnel, (key) => [key]))
}

function fromVariables(env: AgentSources['env'], variables: Readonly<Record<string, string>>): Override[] {
  return Object.entries(variables).flatMap(([name, key]) => {
    const value = env[name]
    return value ? [{ path: [key], value, origin: name }] : []
  })
}

/** `store: file:PATH`: the address stands in that file, such as a credential of systemd. */
function storeElsewhere({ raw }: Source, folder: string): Override[] {
  const { store } = (raw ?? {}) as { readonly store?: unknown }
  if (typeof store !== 'string' || !store.startsWith('file:')) return []
  const file = resolve(folder, expandHome(store.slice('file:'.length)))
  return [{ path: ['store'], value: readText(file, 'store').trim(), origin: `${file}, named by store` }]
}

/** `~/.config/uniroute/uniroute.yml`, or below XDG_CONFIG_HOME. */
export function defaultAgentFile(env: AgentSources['env']): string {
  return join(env['XDG_CONFIG_HOME'] || join(homeFolder(), '.config'), 'uniroute', 'uniroute.yml')
}

/**
 * Where an agent keeps what it has to keep, unless `state_dir` says so: the folder that systemd gave it (the first one of
 * StateDirectory=), else `~/.local/state/uniroute`, or below XDG_STATE_HOME.
 */
export function defaultStateDir(env: AgentSources['env']): string {
  const [given] = (env['STATE_DIRECTORY'] ?? '').split(':')
  return given || join(env['XDG_STATE_HOME'] || join(homeFolder(), '.local', 'state'), 'uniroute')
}

/** A path given by flag or variable does not move with the file's folder. */
function fromWorkingFolder(override: Override): Override {
  const isPath = PATH_KEYS.has(override.path.at(-1))
  return isPath && typeof override.value === 'string'
    ? { ...override, value: resolve(expandHome(override.value)) }
    : override
}

function warningsOf(file: string, raw: unknown): string[] {
  const secret = secretIn(raw)
  const others = statSync(file).mode & 0o044
  return secret !== null && others !== 0
    ? [`${file} holds a ${secret} and others can read it; run: chmod 600 ${file}`]
    : []
}

/** What stands in an agent's file that others must not read. */
function secretIn(raw: unknown): 'token' | 'password or secret' | null {
  const { token, tunnels, acme } = (raw ?? {}) as Readonly<Record<'token' | 'tunnels' | 'acme', object | undefined>>
  if (token !== undefined) return 'token'
  const isSecret =
    JSON.stringify(acme ?? {}).includes('"hmac_key"') || Object.values(tunnels ?? {}).some(holdsHttpSecret)
  return isSecret ? 'password or secret' : null
}

function readIfThere(file: string): Source | null {
  try {
    return readSource(file)
  } catch (error) {
    if (error instanceof ConfigError && error.code === 'UR_CONFIG_MISSING') return null
    throw error
  }
}

function readSource(file: string): Source {
  return yamlSource(readText(file), file)
}

function readText(file: string, how = '--config'): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new ConfigError(
        'UR_CONFIG_MISSING',
        `${file}: there is no such file; create it or name another with ${how}`,
        { cause },
      )
    }
    throw new ConfigError('UR_CONFIG_UNREADABLE', `${file}: cannot be read: ${reason(code)}`, { cause })
  }
}

function reason(code: string | undefined): string {
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied; let the user of this process read it'
  if (code === 'EISDIR') return 'it is a folder; name the file in it'
  return code ?? 'unknown failure'
}
