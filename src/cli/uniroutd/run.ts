import path from 'node:path'
import type { Command } from 'commander'
import type { ServerConfig } from '../../config/index.js'
import { createLogging } from '../../daemon/logging.js'
import { type Ready, serve } from '../../daemon/serve.js'
import { addConfigOptions, addRunningOptions, example, type RunningFlags } from '../options.js'
import type { OutputEvent } from '../output.js'
import type { CommandContext } from '../program.js'
import { unknownCommand } from '../suggest.js'
import { type ConfigFlags, devConfig, SERVER_OPTIONS, serverConfig } from './config-flags.js'

type Flags = RunningFlags & ConfigFlags

/** `uniroutd run`, the default command: serves until it is stopped by a signal. */
export function addRunCommand(root: Command, context: CommandContext): void {
  const command = root.command('run', { isDefault: true }).description('run the server (the default command)')
  // As the default command it gets every word that is no command's name.
  command.argument('[words...]').usage('[options]')
  command.option('--config <file>', 'configuration (default: /etc/uniroute/uniroutd.yml)')
  addRunningOptions(addConfigOptions(command, SERVER_OPTIONS))
  command.addHelpText('after', example('uniroutd run --config /etc/uniroute/uniroutd.yml'))
  command.action(async (words: string[], flags: Flags) => {
    if (words[0] !== undefined) throw unknownCommand(words[0], root)
    await run(serverConfig(flags).config, () => serverConfig(flags).config, flags, context, false)
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
  command.action((flags: Flags) => run(devConfig(flags), () => devConfig(flags), flags, context, true))
}

async function run(
  config: ServerConfig,
  reread: () => ServerConfig,
  flags: Flags,
  context: CommandContext,
  dev: boolean,
): Promise<void> {
  const { output } = context
  const log = createLogging({
    level: flags.logLevel ?? config.log.level,
    format: flags.logFormat ?? config.log.format,
    write: (line) => process.stderr.write(line),
  })
  context.onCrash((message) => log.error({ code: 'UR_INTERNAL' }, message))
  // A server goes on when nobody reads its events any more.
  output.onBroken(() => undefined)
  await serve({
    config,
    reread,
    log,
    logLevel: flags.logLevel,
    gracePeriodMs: flags.gracePeriod,
    dev,
    onReady: (ready) => {
      output.event(readyEvent(ready))
      if (ready.dev) output.text(devText(ready, ready.dev))
    },
  })
}

function readyEvent({ tls, http, admin, metrics, domain, dev }: Ready): OutputEvent {
  return {
    event: 'ready',
    tls,
    ...(http === null ? {} : { http }),
    ...(admin === null ? {} : { admin }),
    ...(metrics === null ? {} : { metrics }),
    domain,
    ...(dev === null ? {} : { token: dev.token, admin_token: dev.adminToken, ca: dev.ca }),
  }
}

function devText({ tls, admin }: Ready, { token, adminToken, ca }: NonNullable<Ready['dev']>): string {
  // Where it listens on all addresses its certificate is still that of this machine's own.
  const server = tls.replace(/^(0\.0\.0\.0|\[::\]):/, '127.0.0.1:')
  return `
The development server is ready. Beside a local service on port 5432, say:

  ${agentCommand()} tcp 5432 --server ${server} --ca ${ca} --token ${token}
${admin === null ? '' : `\nThe admin API is at http://${admin}, its token ${adminToken}\n`}
`
}

/** As this program was started: npm links both by their names, in a clone the files stand beside each other. */
function agentCommand(): string {
  const started = process.argv[1] ?? ''
  if (!started.endsWith('.js')) return 'uniroute'
  return `node ${path.relative('', path.join(path.dirname(started), 'uniroute.js'))}`
}
