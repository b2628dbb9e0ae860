import type { Command } from 'commander'
import { addConfigOptions, addRunningOptions, example } from '../options.js'
import type { CommandContext } from '../program.js'
import { unknownCommand } from '../suggest.js'
import { SERVER_OPTIONS } from './config-flags.js'
import type { RunFlags } from './serve.js'

/** `uniroutd run`, the default command: serves until it is stopped by a signal. */
export function addRunCommand(root: Command, context: CommandContext): void {
  const command = root.command('run', { isDefault: true }).description('run the server (the default command)')
  // As the default command it gets every word that is no command's name.
  command.argument('[words...]').usage('[options]')
  command.option('--config <file>', 'configuration (default: /etc/uniroute/uniroutd.yml)')
  addRunningOptions(addConfigOptions(command, SERVER_OPTIONS))
  command.addHelpText('after', example('uniroutd run --config /etc/uniroute/uniroutd.yml'))
  command.action(async (words: string[], flags: RunFlags) => {
    if (words[0] !== undefined) throw unknownCommand(words[0], root)
    const { runServer } = await import('./serve.js')
    await runServer(flags, context)
  })
}

/** `uniroutd dev`: a server for this machine alone, without a configuration file. */
export function addDevCommand(root: Command, context: CommandContext): void {
  const command = root
    .command('dev')
    .description('run a server for trying things out on this machine; needs no configuration')
  addRunningOptions(addConfigOptions(command, SERVER_OPTIONS))
  command.addHelpText(
    'after',
    '\nWithout flags: on 127.0.0.1 alone, TLS 8443, HTTP 8080, admin API 4041, metrics 9464; data in ./.uniroute-dev.',
  )
  command.addHelpText('after', example('uniroutd dev', 'uniroutd dev --listen-tls 127.0.0.1:0 --output json'))
  command.action(async (flags: RunFlags) => {
    const { runDevServer } = await import('./serve.js')
    await runDevServer(flags, context)
  })
}
