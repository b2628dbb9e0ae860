import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { type AgentConfig, defaultAgentFile, type HostPort, type Loaded, parseHostPort } from '../../config/index.js'
import { ConfigError } from '../../core/errors.js'
import { Secret } from '../../core/secret.js'

type Environment = Readonly<Record<string, string | undefined>>

/** What `uniroute login` remembers: a token, and the one server that it is for. */
export interface Login {
  readonly server: HostPort
  readonly token: Secret
  /** Absolute path of the authority that the server's certificate needs. */
  readonly ca: string | null
}

const FORM = z.object({
  server: z.string(),
  token: z.string().regex(/^[\x21-\x7e]+$/),
  ca: z.string().nullable(),
})

/** Beside the configuration file: `~/.config/uniroute/login.json`. */
export function loginFile(env: Environment): string {
  return path.join(path.dirname(defaultAgentFile(env)), 'login.json')
}

/** The login that was stored; null: there is none. Throws ConfigError UR_LOGIN_FILE, also when others can read it. */
export function readLogin(env: Environment): Login | null {
  const file = loginFile(env)
  let text: string
  try {
    text = readPrivate(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error instanceof ConfigError ? error : unusable(file, 'cannot be read', error)
  }
  try {
    const { server, token, ca } = FORM.parse(JSON.parse(text))
    const address = parseHostPort(server, 443)
    if (address !== undefined) return { server: address, token: new Secret(token), ca }
  } catch {
    // as below; what was wrong might show a part of the token
  }
  throw unusable(file, 'does not hold what "uniroute login" writes')
}

/** Stores a login (file 0600, folder 0700) in the place of the one before, whole or not at all. Throws ConfigError UR_LOGIN_FILE. */
export function writeLogin(env: Environment, { server, token, ca }: Login): string {
  const file = loginFile(env)
  const partial = `${file}.${randomBytes(4).toString('hex')}`
  const text = `${JSON.stringify({ server: hostPortText(server), token: token.reveal(), ca }, null, 2)}\n`
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
    const descriptor = openSync(partial, 'wx', 0o600)
    try {
      writeSync(descriptor, text)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(partial, file)
    return file
  } catch (error) {
    rmSync(partial, { force: true })
    throw unusable(file, 'cannot be written', error)
  }
}

/** Forgets the login. False: there was none. Throws ConfigError UR_LOGIN_FILE. */
export function removeLogin(env: Environment): boolean {
  const file = loginFile(env)
  try {
    rmSync(file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw unusable(file, 'cannot be removed', error)
  }
}

/** Completes a configuration without a token, or a certificate, by the login that was stored, which is sent to its own server only. */
export function withLogin(loaded: Loaded<AgentConfig>, env: Environment): Loaded<AgentConfig> {
  const { config } = loaded
  if (config.token !== null || config.agent_cert !== null) return loaded
  const login = readLogin(env)
  if (login === null || (config.server !== null && !isSame(config.server, login.server))) return loaded
  const { server, token, ca } = login
  return { ...loaded, config: { ...config, server, token, ca: config.ca ?? ca } }
}

export function hostPortText({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function isSame(a: HostPort, b: HostPort): boolean {
  return a.host.toLowerCase() === b.host.toLowerCase() && a.port === b.port
}

/** Looks at the file that was opened, not at what may stand under its name a moment later. */
function readPrivate(file: string): string {
  const descriptor = openSync(file, 'r')
  try {
    if ((fstatSync(descriptor).mode & 0o077) !== 0) {
      throw new ConfigError('UR_LOGIN_FILE', `${file} holds a token and others can read it; run: chmod 600 ${file}`)
    }
    return readFileSync(descriptor, 'utf8')
  } finally {
    closeSync(descriptor)
  }
}

function unusable(file: string, what: string, cause?: unknown): ConfigError {
  const reason = cause === undefined ? '' : `: ${(cause as NodeJS.ErrnoException).code ?? (cause as Error).message}`
  return new ConfigError('UR_LOGIN_FILE', `${file} ${what}${reason}; correct that, and run "uniroute login" again`, {
    cause,
  })
}
