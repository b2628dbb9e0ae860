import path from 'node:path'
import { type Command, Option } from 'commander'
import { tryLogin } from '../../agent/index.js'
import { loadAgentConfig } from '../../config/index.js'
import { Secret } from '../../core/secret.js'
import { addConfigOptions, type ConfigOption, example, overridesOf } from '../options.js'
import type { CommandContext } from '../program.js'
import { askToken } from './ask-token.js'
import { requiredServer } from './connection-flags.js'
import { hostPortText, loginFile, removeLogin, writeLogin } from './login-file.js'

interface LoginFlags {
  token?: string
  json?: true
}

const OPTIONS: readonly ConfigOption[] = [
  { flags: '--server <host:port>', description: 'the server (env UNIROUTE_SERVER)', path: ['server'] },
  { flags: '--ca <file>', description: 'PEM file with one more authority to trust (env UNIROUTE_CA)', path: ['ca'] },
]

/** `uniroute login` and `uniroute logout`. */
export function addLoginCommands(root: Command, { output }: CommandContext): void {
  const login = root.command('login').description('check a token with the server, and remember both')
  addConfigOptions(login, OPTIONS)
    .option('--token <token>', 'the token; better typed or piped, where others cannot see it')
    .addOption(new Option('--json', 'print JSON'))
    .addHelpText(
      'after',
      example('uniroute login --server tunnels.example.com', 'uniroute login --server tunnels.example.com < token.txt'),
    )
  login.action(async (flags: LoginFlags) => {
    const { env } = process
    const loaded = loadAgentConfig({ env, overrides: overridesOf(OPTIONS, { ...flags }) })
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
  })

  const logout = root.command('logout').description('forget what `uniroute login` remembers; the token stays good')
  logout.addOption(new Option('--json', 'print JSON')).addHelpText('after', example('uniroute logout'))
  logout.action(({ json }: { json?: true }) => {
    const file = loginFile(process.env)
    const removed = removeLogin(process.env)
    if (json) return output.text(`${JSON.stringify({ file, removed })}\n`)
    output.text(removed ? `${file} is removed.\n` : 'There was no login.\n')
  })
}
