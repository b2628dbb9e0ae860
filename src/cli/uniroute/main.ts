import { type Command, InvalidArgumentError, Option } from 'commander'
import { parsePort } from '../../config/index.js'
import { ConfigError } from '../../core/errors.js'
import { addCommonCommands } from '../common-commands.js'
import { example, durationOption } from '../options.js'
import { type CommandContext, runProgram } from '../program.js'
import { addConfigCommands } from './config-command.js'
import { addConnectionOptions, agentConfig, type ConnectionFlags } from './connection-flags.js'
import { runAgent } from './run-agent.js'
import { planFromFlags, plansFromConfig, type TunnelFlags } from './tunnel-plan.js'

/** The program `uniroute`. Resolves with its exit code. */
export function uniroute(argv: string[]): Promise<number> {
  return runProgram('uniroute', argv, (root, context) => {
    root.description('Makes local services reachable through a UniRoute server.')
    root.addHelpText(
      'after',
      example('uniroute tcp 5432', 'uniroute tls 8443 --domain db.example.com', 'uniroute start --all'),
    )
    addTcp(root, context)
    addTls(root, context)
    addStart(root, context)
    addConfigCommands(root, context)
    addLaterKinds(root)
    addCommonCommands(root, context)
  })
}

function addTcp(root: Command, context: CommandContext): void {
  const command = root.command('tcp <upstream>').description('give a local TCP service a public port')
  command.addOption(
    new Option(
      '--remote-port <port>',
      'the public port (default: one that the server chooses, the same each time)',
    ).argParser(remotePort),
  )
  addTunnelOptions(command)
  command.addHelpText(
    'after',
    example('uniroute tcp 5432', 'uniroute tcp db.internal:5432 --remote-port 20432', 'uniroute tcp unix:/run/db.sock'),
  )
  command.action((upstream: string, flags: TunnelFlags & ConnectionFlags) =>
    runAgent(agentConfig(flags), flags, () => [planFromFlags('tcp', upstream, flags)], context),
  )
}

function addTls(root: Command, context: CommandContext): void {
  const command = root
    .command('tls <upstream>')
    .description('give a local TLS service a public name; it keeps its own certificate')
  command.option(
    '--domain <name>',
    'the public name that visitors ask for (default: one below the domain of the server)',
  )
  addTunnelOptions(command)
  command.addHelpText('after', example('uniroute tls 8443 --domain db.example.com'))
  command.action((upstream: string, flags: TunnelFlags & ConnectionFlags) =>
    runAgent(agentConfig(flags), flags, () => [planFromFlags('tls', upstream, flags)], context),
  )
}

function addTunnelOptions(command: Command): void {
  command
    .option('--name <name>', 'name of the tunnel (default: kind and port)')
    .addOption(
      new Option('--proxy-protocol <version>', 'tell the upstream the address of the visitor')
        .choices(['1', '2'])
        .argParser(proxyProtocol),
    )
    .addOption(
      durationOption(
        '--hold <duration>',
        'how long new visitors may wait while the agent is reconnecting (default: 10s)',
      ),
    )
    .option('--upstream-ca <file>', 'PEM file with the authority of a tls:// upstream')
  addConnectionOptions(command)
}

function addStart(root: Command, context: CommandContext): void {
  const command = root.command('start [names...]').description('start tunnels of the configuration file')
  command.option('--all', 'start all of them')
  addConnectionOptions(command)
  command.addHelpText('after', example('uniroute start web db', 'uniroute start --all --config ./uniroute.yml'))
  command.action((names: string[], flags: ConnectionFlags & { all?: true }) =>
    runAgent(
      agentConfig(flags),
      flags,
      ({ config, file }) => plansFromConfig(config, file, names, flags.all === true),
      context,
    ),
  )
}

// People who know other tunnels type these first: they are answered clearly, and not listed in the help.
function addLaterKinds(root: Command): void {
  for (const kind of ['http', 'udp']) {
    const command = root.command(`${kind} [anything...]`, { hidden: true }).allowUnknownOption()
    command.action(() => {
      throw new ConfigError(
        'UR_NOT_IN_VERSION',
        `${kind} tunnels are not in this version; use "uniroute tcp" or "uniroute tls"`,
      )
    })
  }
}

function remotePort(text: string): number {
  const port = parsePort(text)
  if (port === undefined) throw new InvalidArgumentError('Write a port from 1 to 65535, or 0 for any.')
  return port
}

function proxyProtocol(text: string): 1 | 2 {
  if (text !== '1' && text !== '2') throw new InvalidArgumentError('Write 1 or 2.')
  return Number(text) as 1 | 2
}
