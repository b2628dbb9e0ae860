import path from 'node:path'
import { tryLogin } from '../../agent/index.js'
import { loadAgentConfig } from '../../config/index.js'
import { Secret } from '../../core/secret.js'
import { overridesOf } from '../options.js'
import type { Output } from '../output.js'
import { requiredServer } from './agent-config.js'
import { askToken } from './ask-token.js'
import { LOGIN_OPTIONS, type LoginFlags } from './login.js'
import { hostPortText, loginFile, removeLogin, writeLogin } from './login-file.js'

/** Checks a token with the server and remembers both. Throws ConfigError, and as `tryLogin`. */
export async function logIn(flags: LoginFlags, output: Output): Promise<void> {
  const { env } = process
  const loaded = loadAgentConfig({ env, overrides: overridesOf(LOGIN_OPTIONS, { ...flags }) })
  const server = requiredServer(loaded)
  const { ca } = loaded.config
  const ask = (text: string): boolean => process.stderr.write(text)
  const token = flags.token === undefined ? await askToken(process.stdin, ask) : new Secret(flags.token)
  await tryLogin({ server, token, caFile: ca ?? undefined, env })
  const file = writeLogin(env, { server, token, ca: ca === null ? null : path.resolve(ca) })
  const name = hostPortText(server)
  if (flags.json) return output.text(`${JSON.stringify({ server: name, file })}\n`)
  output.text(`The token is good. ${name} is remembered in ${file}; now: uniroute http 3000\n`)
  if (env['UNIROUTE_TOKEN'])
    process.stderr.write('uniroute: warning: UNIROUTE_TOKEN is set, and wins over this login\n')
  else if (loaded.config.token !== null) {
    process.stderr.write(`uniroute: warning: ${loaded.file} has a token, which wins over this login\n`)
  }
}

/** Forgets what `logIn` remembers. Throws ConfigError UR_LOGIN_FILE. */
export function logOut({ json }: { json?: true }, output: Output): void {
  const file = loginFile(process.env)
  const removed = removeLogin(process.env)
  if (json) return output.text(`${JSON.stringify({ file, removed })}\n`)
  output.text(removed ? `${file} is removed.\n` : 'There was no login.\n')
}
