import { Agent, keyWarning, type TunnelStatus } from '../../agent/index.js'
import { type AgentConfig, defaultStateDir, type Loaded } from '../../config/index.js'
import { keyFileWarning } from '../../certs/key-file.js'
import { systemClock } from '../../core/clock.js'
import { silentLogger, type Logger } from '../../core/logger.js'
import { createLogging } from '../../daemon/logging.js'
import { StopSignals } from '../../daemon/stop-signals.js'
import type { Inspector, RecentRequest } from '../../inspector/index.js'
import type { CommandContext } from '../program.js'
import { agentConfig, ownCertificate, requiredServer } from './agent-config.js'
import type { ConnectionFlags } from './connection-flags.js'
import { eventPresenter } from './events.js'
import { screenPresenter } from './live-screen.js'
import { addressWarning, inspectorOf } from './inspector.js'
import { logPresenter } from './log-lines.js'
import type { Presenter } from './presenter.js'
import { RunTimeTunnels } from './run-time-tunnels.js'
import { planFromFlags, plansFromConfig, type TunnelFlags, type TunnelPlan } from './tunnel-plan.js'
import { specOf } from './tunnel-spec.js'

const DEFAULT_GRACE_MS = 30_000

/** `uniroute tcp|tls|http UPSTREAM`, as `runAgent`. */
export function runTunnel(
  kind: TunnelPlan['kind'],
  upstream: string,
  flags: TunnelFlags & ConnectionFlags,
  context: CommandContext,
): Promise<void> {
  return runAgent(agentConfig(flags), flags, () => [planFromFlags(kind, upstream, flags)], context)
}

/** `uniroute start NAME…` or `--all`, as `runAgent`. */
export function runConfigured(
  names: readonly string[],
  flags: ConnectionFlags & { all?: true },
  context: CommandContext,
): Promise<void> {
  const plans = ({ config, file }: Loaded<AgentConfig>) => plansFromConfig(config, file, names, flags.all === true)
  return runAgent(agentConfig(flags), flags, plans, context)
}

/**
 * Runs an agent until it is stopped by a signal, or gives up: then its error is thrown.
 * The first SIGINT or SIGTERM lets open connections end, the second ends at once.
 */
async function runAgent(
  loaded: Loaded<AgentConfig>,
  flags: ConnectionFlags,
  plans: (loaded: Loaded<AgentConfig>) => TunnelPlan[],
  { output }: CommandContext,
): Promise<void> {
  const { config } = loaded
  const server = requiredServer(loaded)
  const planned = plans(loaded)
  const onScreen =
    output.mode === 'text' && process.stdout.isTTY && flags.logLevel === undefined && flags.logFormat === undefined
  const log = onScreen && process.stderr.isTTY ? silentLogger : stderrLogger(config)
  const certificate = ownCertificate(config, process.env)
  const keyAdvice = await Promise.all([
    certificate === null ? null : keyWarning(certificate),
    ...planned.map(({ terminate }) => (terminate?.files === undefined ? null : keyFileWarning(terminate.files.key))),
  ])
  // Before the screen is drawn, below which nothing is written.
  const early = stderrLogger(config)
  for (const warning of [...loaded.warnings, ...new Set(keyAdvice), addressWarning(config)]) {
    if (warning !== null) early.warn({}, warning)
  }

  const control = new RunTimeTunnels(planned)
  const inspector = await inspectorOf(config, flags, planned, { status: () => agent.status(), control, log })
  const agent = new Agent({
    server,
    tunnels: planned.map(specOf),
    ...(config.token === null ? {} : { token: config.token }),
    ...(certificate === null ? {} : { certificate }),
    ...(config.ca === null ? {} : { caFile: config.ca }),
    certificates: { stateDir: config.state_dir ?? defaultStateDir(process.env), acme: config.acme },
    insecure: flags.insecure === true,
    connections: config.connections,
    stripe: config.stripe,
    reconnect: flags.reconnect,
    ...(inspector !== null && { tap: inspector.tap }),
    log,
  })
  if (inspector !== null) control.use(agent, inspector)
  let recent: readonly RecentRequest[] = []
  const presenter = onScreen
    ? screenPresenter({
        terminal: process.stdout,
        color: useColor(process.stdout),
        status: () => agent.status(),
        inspector: () => inspector?.url ?? null,
        requests: () => (inspector !== null && control.hasHttp ? recent : null),
        now: () => systemClock.now(),
      })
    : output.mode === 'json'
      ? eventPresenter(output, config.log.level === 'debug')
      : logPresenter(log)

  const graceMs = flags.gracePeriod ?? DEFAULT_GRACE_MS
  const signals = new StopSignals({ stop: () => agent.stop(graceMs), force: () => agent.stop(0) })
  output.onBroken(() => signals.stop())
  process.on('exit', () => presenter.end(null))
  present(agent, presenter, inspector)
  // Elsewhere the log has it.
  if (onScreen) inspector?.on('warning', (text) => presenter.inspector(inspector.url, text))
  inspector?.on('recent', (requests) => {
    recent = requests
  })
  let failure: Error | null = null
  try {
    inspector?.start()
    await new Promise<void>((resolve, reject) => {
      agent.once('close', (error) => {
        failure = error
        if (error === null) resolve()
        else reject(error)
      })
      agent.start()
    })
  } finally {
    signals.dispose()
    presenter.end(failure)
    await inspector?.stop()
  }
}

function present(agent: Agent, presenter: Presenter, inspector: Inspector | null): void {
  agent.on('online', (session, resumed) => presenter.online(session, resumed))
  agent.on('ready', (tunnels) => {
    if (inspector === null) presenter.ready(tunnels, null)
    else void inspector.ready().then((url) => presentReady(agent, presenter, inspector, tunnels, url))
  })
  agent.on('tunnel', (tunnel) => presenter.tunnel(tunnel))
  agent.on('removed', (tunnel) => presenter.removed(tunnel))
  agent.on('refused', (tunnel, error) => presenter.refused(tunnel, error))
  agent.on('offline', (error, retryInMs, held) => presenter.offline(error, retryInMs, held))
  agent.on('notice', (level, code, text) => presenter.notice(level, code, text))
  agent.on('certificate', (tunnel, news) => presenter.certificate(tunnel, news))
  agent.on('opened', (connection) => {
    inspector?.opened(connection)
    presenter.opened(connection)
  })
  agent.on('closed', (connection) => {
    inspector?.closed(connection)
    presenter.closed(connection)
  })
  for (const event of ['online', 'tunnel', 'offline'] as const) agent.on(event, () => inspector?.tellStatus())
  agent.on('draining', (graceMs) => presenter.draining(graceMs))
}

function presentReady(
  agent: Agent,
  presenter: Presenter,
  inspector: Inspector,
  tunnels: readonly TunnelStatus[],
  url: string | null,
): void {
  if (agent.state === 'closed') return
  // who is told of the tunnels finds them there
  inspector.tellStatus()
  presenter.ready(tunnels, url)
  if (inspector.problem !== null) presenter.inspector(null, inspector.problem)
  inspector.on('serving', (newUrl) => presenter.inspector(newUrl, null))
  inspector.on('problem', (problem) => presenter.inspector(null, problem))
}

function stderrLogger({ log }: AgentConfig): Logger {
  return createLogging({ level: log.level, format: log.format, write: (line) => process.stderr.write(line) })
}

/** Whether to colour: a terminal that can, and nobody said NO_COLOR (https://no-color.org). */
function useColor(terminal: NodeJS.WriteStream): boolean {
  return !process.env['NO_COLOR'] && terminal.hasColors()
}
