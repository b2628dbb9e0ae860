import { type Command, Option } from 'commander'
import { addConfigOptions, type ConfigOption, example } from '../options.js'
import type { CommandContext } from '../program.js'

/** Flags of `uniroute login`, beside those of LOGIN_OPTIONS. */
export interface LoginFlags {
  token?: string
  json?: true
}

export const LOGIN_OPTIONS: readonly ConfigOption[] = [
  { flags: '--server <host:port>', description: 'the server (env UNIROUTE_SERVER)', path: ['server'] },
  { flags: '--ca <file>', description: 'PEM file with one more authority to trust (env UNIROUTE_CA)', path: ['ca'] },
]

/** `uniroute login` and `uniroute logout`. */
export function addLoginCommands(root: Command, { output }: CommandContext): void {
  const login = root.command('login').description('check a token with the server, and remember both')
  addConfigOptions(login, LOGIN_OPTIONS)
    .option('--token <token>', 'the token; better typed or piped, where others cannot see it')
    .addOption(new Option('--json', 'print JSON'))
    .addHelpText(
      'after',
      example('uniroute login --server tunnels.example.com', 'uniroute login --server tunnels.example.com < token.txt'),
    )
  login.action(async (flags: LoginFlags) => {
    const { logIn } = await import('./log-in.js')
    await logIn(flags, output)
  })

  const logout = root.command('logout').description('forget what `uniroute login` remembers; the token stays good')
  logout.addOption(new Option('--json', 'print JSON')).addHelpText('after', example('uniroute logout'))
  logout.action(async (flags: { json?: true }) => {
    const { logOut } = await import('./log-in.js')
    logOut(flags, output)
  })
}
