import type { Command } from 'commander'
import { addConfigOptions, example } from '../options.js'
import type { CommandContext } from '../program.js'
import { type ConfigFlags, SERVER_OPTIONS } from './config-flags.js'

/** `uniroutd doctor`: whether DNS, ports, clock and keys are as visitors and authorities need them. */
export function addDoctorCommand(root: Command, context: CommandContext): void {
  const command = root.command('doctor').description('check DNS, ports, the clock and key files, and say what to set')
  command.option('--config <file>', 'configuration (default: /etc/uniroute/uniroutd.yml)')
  command.option('--json', 'print JSON, one object a line')
  addConfigOptions(command, SERVER_OPTIONS)
  command.addHelpText('after', example('uniroutd doctor', 'uniroutd doctor --json'))
  command.action(async (flags: ConfigFlags & { json?: boolean }) => {
    const { examineServer } = await import('./examine.js')
    await examineServer(flags, context)
  })
}
