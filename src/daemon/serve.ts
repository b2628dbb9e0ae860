import type { ServerConfig } from '../config/index.js'
import type { LogLevel } from '../core/logger.js'
import { Daemon, type Addresses } from './daemon.js'
import { devTokens, type DevTokens } from './dev-token.js'
import type { AdjustableLogger } from './logging.js'
import { StopSignals } from './stop-signals.js'
import { inheritedSockets, SystemdNotifier } from './systemd.js'

/** What a server that is ready tells: where it listens; and in development how to get in. */
export interface Ready extends Addresses {
  readonly domain: string
  readonly dev: (DevTokens & { readonly ca: string }) | null
}

export interface ServeOptions {
  config: ServerConfig
  /** Reads the configuration again, at SIGHUP. Throws ConfigError. */
  reread(): ServerConfig
  log: AdjustableLogger
  /** Wins over `log.level` of the configuration, and of one that is read again. */
  logLevel?: LogLevel | undefined
  /** Wins over `grace_period` of the configuration, ms. */
  gracePeriodMs?: number | undefined
  /** A development server: it makes a token for its user. */
  dev: boolean
  onReady(ready: Ready): void
}

/**
 * Runs a server until a signal stops it: SIGTERM and SIGINT let open connections end (a second one does not), SIGHUP
 * reads the configuration again. Throws UniRouteError when it cannot start.
 */
export async function serve(options: ServeOptions): Promise<void> {
  const { config, log } = options
  const daemon = await Daemon.start({ config, log, sockets: inheritedSockets(process.env) })
  const systemd = new SystemdNotifier(process.env, log)
  const ended = untilStopped(daemon, options, systemd)
  // One after the other: the file as it was read last is what counts.
  let reloads = Promise.resolve()
  const reload = () => void (reloads = reloads.then(() => reloadNow(daemon, options, systemd)))
  process.on('SIGHUP', reload)
  try {
    const { certificates, store, addresses } = daemon
    const ca = certificates.book.caFile
    const dev = options.dev && ca !== null ? { ...(await devTokens(store, config.data_dir)), ca } : null
    const { tls, http, admin, metrics } = addresses
    log.info({ tls, http, admin, metrics, domain: config.domain }, 'ready')
    options.onReady({ ...addresses, domain: config.domain, dev })
    systemd.ready(statusOf(daemon))
    await ended
  } finally {
    process.off('SIGHUP', reload)
    await systemd.close()
  }
}

function untilStopped(daemon: Daemon, { log, gracePeriodMs }: ServeOptions, systemd: SystemdNotifier): Promise<void> {
  return new Promise((resolve, reject) => {
    const signals = new StopSignals({
      stop: () => {
        const graceMs = gracePeriodMs ?? daemon.config.grace_period
        log.info({ grace_ms: graceMs }, 'stopping: open connections may end; a second signal ends at once')
        systemd.stopping(graceMs)
        daemon.drain(graceMs).then(
          () => {
            signals.dispose()
            log.info({}, 'stopped')
            resolve()
          },
          (error: unknown) => reject(error as Error),
        )
      },
      force: () => {
        log.warn({}, 'stopping at once')
        daemon.force()
      },
    })
  })
}

async function reloadNow(daemon: Daemon, options: ServeOptions, systemd: SystemdNotifier): Promise<void> {
  const { reread, log, logLevel } = options
  systemd.reloading()
  try {
    await daemon.reload(reread())
    log.setLevel(logLevel ?? daemon.config.log.level)
  } catch (error) {
    daemon.reloadFailed(error)
  }
  systemd.ready(statusOf(daemon))
}

function statusOf({ config, addresses }: Daemon): string {
  return `serving ${config.domain} on ${addresses.tls}`
}
