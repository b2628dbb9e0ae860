import { type Command, InvalidArgumentError, Option } from 'commander'
import { parsePort } from '../../config/addresses.js'
import { ConfigError } from '../../core/errors.js'
import { AGENT_WORDS } from '../../config/foreign.js'
import { addCommonCommands } from '../common-commands.js'
import { example, durationOption } from '../options.js'
import { type CommandContext, runProgram } from '../program.js'
import { addConfigCommands } from './config-command.js'
import { addConnectionOptions, type ConnectionFlags } from './connection-flags.js'
import { addHttpOptions } from './http-flags.js'
import { addLoginCommands } from './login.js'
import { addTerminateOptions } from './terminate-flags.js'
import { addReplayCommand } from './replay-command.js'
import type { TunnelFlags, TunnelPlan } from './tunnel-plan.js'

/** The program `uniroute`. Resolves with its exit code. */
export function uniroute(argv: string[]): Promise<number> {
  return runProgram(
    'uniroute',
    argv,
    (root, context) => {
      root.description('Makes local services reachable through a UniRoute server.')
      root.addHelpText(
        'after',
        example(
          'uniroute http 3000',
          'uniroute tcp 5432',
          'uniroute tls 8443 --domain db.example.com',
          'uniroute start --all',
        ),
      )
      addHttp(root, context)
      addTcp(root, context)
      addTls(root, context)
      addStart(root, context)
      addReplayCommand(root, context)
      addConfigCommands(root, context)
      addLoginCommands(root, context)
      addLaterKinds(root)
      addCommonCommands(root, context)
    },
    AGENT_WORDS,
  )
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
  addProxyProtocol(command)
  command.addHelpText(
    'after',
    example('uniroute tcp 5432', 'uniroute tcp db.internal:5432 --remote-port 20432', 'uniroute tcp unix:/run/db.sock'),
  )
  runsTunnel(command, 'tcp', context)
}

function addHttp(root: Command, context: CommandContext): void {
  const command = root.command('http <upstream>').description('give a local web server a public https:// address')
  command
    .option('--subdomain <name>', 'the public name below the domain of the server (default: a random one)')
    .option('--domain <name>', 'the whole public name, such as shop.example.com or *.example.com')
    .option('--path <prefix>', 'serve only this path and what is below it (default: all)')
    .addOption(
      new Option('--scheme <scheme>', 'how visitors reach it (default: https)').choices(['https', 'http', 'both']),
    )
    .addOption(
      new Option('--upstream-protocol <protocol>', 'how HTTP is spoken to the upstream (default: http1)').choices([
        'http1',
        'http2',
      ]),
    )
    .addOption(
      new Option('--pool [policy]', 'let other agents serve the same name (default policy: round-robin)').choices([
        'round-robin',
        'least-connections',
      ]),
    )
    .addOption(
      new Option('--weight <n>', 'with --pool: the share of this agent, 1 to 100 (default: 1)').argParser(weight),
    )
    .option('--sticky', 'with --pool: a visitor stays with the agent that served it first, by a cookie')
  addHttpOptions(command)
  addTerminateOptions(command)
  addTunnelOptions(command)
  command.addHelpText(
    'after',
    example(
      'uniroute http 3000',
      'uniroute http 3000 --subdomain shop --cidr-allow 198.51.100.0/24 --rate-per-visitor 10/s',
      'uniroute http 3000 --subdomain shop --mutual-tls-ca clients-ca.pem',
      'uniroute http https://localhost:8443 --upstream-ca ca.pem --path /api',
      'uniroute http 3000 --domain shop.example.com --terminate agent',
    ),
  )
  runsTunnel(command, 'http', context)
}

function addTls(root: Command, context: CommandContext): void {
  const command = root
    .command('tls <upstream>')
    .description('give a local TLS service a public name; it keeps its own certificate')
  command
    .option('--subdomain <name>', 'the public name below the domain of the server (default: a random one)')
    .option('--domain <name>', 'the whole public name that visitors ask for')
  addTerminateOptions(command)
  addTunnelOptions(command)
  addProxyProtocol(command)
  command.addHelpText(
    'after',
    example('uniroute tls 8443 --domain db.example.com', 'uniroute tls 5432 --domain db.example.com --terminate agent'),
  )
  runsTunnel(command, 'tls', context)
}

function addProxyProtocol(command: Command): void {
  command.addOption(
    new Option('--proxy-protocol <version>', 'tell the upstream the address of the visitor')
      .choices(['1', '2'])
      .argParser(proxyProtocol),
  )
}

function addTunnelOptions(command: Command): void {
  command
    .option('--name <name>', 'name of the tunnel (default: kind and port)')
    .addOption(
      durationOption(
        '--hold <duration>',
        'how long new visitors may wait while the agent is reconnecting (default: 10s)',
      ),
    )
    .option('--upstream-ca <file>', 'PEM file with the authority of a tls:// or https:// upstream')
  addConnectionOptions(command)
}

function addStart(root: Command, context: CommandContext): void {
  const command = root.command('start [names...]').description('start tunnels of the configuration file')
  command.option('--all', 'start all of them')
  addConnectionOptions(command)
  command.addHelpText('after', example('uniroute start web db', 'uniroute start --all --config ./uniroute.yml'))
  command.action(async (names: string[], flags: ConnectionFlags & { all?: true }) => {
    const { runConfigured } = await import('./run-agent.js')
    await runConfigured(names, flags, context)
  })
}

function runsTunnel(command: Command, kind: TunnelPlan['kind'], context: CommandContext): void {
  command.action(async (upstream: string, flags: TunnelFlags & ConnectionFlags) => {
    const { runTunnel } = await import('./run-agent.js')
    await runTunnel(kind, upstream, flags, context)
  })
}

// People who know other tunnels type these first: they are answered clearly, and not listed in the help.
function addLaterKinds(root: Command): void {
  for (const kind of ['udp']) {
    const command = root.command(`${kind} [anything...]`, { hidden: true }).allowUnknownOption()
    command.action(() => {
      throw new ConfigError(
        'UR_NOT_IN_VERSION',
        `${kind} tunnels are not in this version; use "uniroute http", "uniroute tcp" or "uniroute tls"`,
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

function weight(text: string): number {
  const value = Number(text)
  if (!/^\d{1,3}$/.test(text) || value < 1 || value > 100) {
    throw new InvalidArgumentError('Write a whole number from 1 to 100.')
  }
  return value
}
