import path from 'node:path'
import type { ServerConfig } from '../../config/index.js'
import { createLogging } from '../../daemon/logging.js'
import { type Ready, serve } from '../../daemon/serve.js'
import type { RunningFlags } from '../options.js'
import type { OutputEvent } from '../output.js'
import type { CommandContext } from '../program.js'
import type { ConfigFlags } from './config-flags.js'
import { devConfig, serverConfig } from './server-config.js'

/** Flags of `run` and `dev`. */
export type RunFlags = RunningFlags & ConfigFlags

/** Serves with the configuration of these flags until it is stopped by a signal. Throws ConfigError, and as `serve`. */
export function runServer(flags: RunFlags, context: CommandContext): Promise<void> {
  return run(serverConfig(flags).config, () => serverConfig(flags).config, flags, context, false)
}

/** As `runServer`, without a configuration file. */
export function runDevServer(flags: RunFlags, context: CommandContext): Promise<void> {
  return run(devConfig(flags), () => devConfig(flags), flags, context, true)
}

async function run(
  config: ServerConfig,
  reread: () => ServerConfig,
  flags: RunFlags,
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

function devText({ tls, admin, domain }: Ready, { token, adminToken, ca }: NonNullable<Ready['dev']>): string {
  // Where it listens on all addresses its certificate is still that of this machine's own.
  const server = tls.replace(/^(0\.0\.0\.0|\[::\]):/, '127.0.0.1:')
  return `
The development server is ready. Beside a local web server on port 3000 (or, with "tcp 5432", another service), say:

  ${agentCommand()} http 3000 --server ${server} --ca ${ca} --token ${token}

Visit it by the name that the agent shows:

  curl --cacert ${ca} https://NAME.${domain}:${server.split(':').at(-1)}/
${admin === null ? '' : `\nThe admin API is at http://${admin}, its token ${adminToken}\n`}
`
}

/** As this program was started: npm links both by their names, in a clone the files stand beside each other. */
function agentCommand(): string {
  const started = process.argv[1] ?? ''
  if (!started.endsWith('.js')) return 'uniroute'
  return `node ${path.relative('', path.join(path.dirname(started), 'uniroute.js'))}`
}
