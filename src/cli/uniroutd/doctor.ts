import type { Command } from 'commander'
import { addConfigOptions, example } from '../options.js'
import type { CommandContext } from '../program.js'
import { type ConfigFlags, SERVER_OPTIONS } from './config-flags.js'

/** `uniroutd doctor`: whether DNS, ports, clock and keys are as visitors and authorities need them. */
export function addDoctorCommand(root: Command, context: CommandContext): void {
  const command = root
    .command('doctor [names...]')
    .description('check DNS, ports, the clock and key files, and say what to set')
  command.option('--config <file>', 'configuration (default: /etc/uniroute/uniroutd.yml)')
  command.option('--json', 'print JSON, one object a line')
  addConfigOptions(command, SERVER_OPTIONS)
  command.addHelpText(
    'after',
    `
Names are those of others that should lead here, such as shop.example.org or '*.example.org'. Without a configuration the
first one is that of the server; what only a configuration says is left out then, and told.
${example('uniroutd doctor', 'uniroutd doctor --json', 'uniroutd doctor tunnels.example.com')}`,
  )
  command.action(async (names: string[], flags: ConfigFlags & { json?: boolean }) => {
    const { examineServer } = await import('./examine.js')
    await examineServer(names, flags, context)
  })
}
