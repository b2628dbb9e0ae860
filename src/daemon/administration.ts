import { AdminGate, AdminServer, adminSocket, auditEntryOf, EventHub, LiveState, type Health } from '../admin/index.js'
import { type CertificateBook, keySource, KeyVault } from '../certs/index.js'
import type { ServerConfig } from '../config/index.js'
import { systemClock } from '../core/clock.js'
import type { Code } from '../core/error-codes.js'
import type { Logger } from '../core/logger.js'
import { VERSION } from '../core/version.js'
import type { AuditRecord, Store } from '../store/index.js'
import type { Agents, AgentSession, Tunnel, TunnelObserver } from '../tunnels/index.js'
import type { Readiness } from './readiness.js'
import { reserveSettings } from './reserving.js'
import { Recorder } from './records/recorder.js'

/** How often usage is written and rates are taken, ms. Usage of as long is lost when the process is killed. */
const LOOK_MS = 2_000

export interface AdministrationOptions {
  readonly store: Store
  readonly book: CertificateBook
  readonly agents: () => Agents
  readonly config: () => ServerConfig
  readonly readiness: Readiness
  readonly log: Logger
}

/** What operators see of a server, and what it writes down: told of sessions and tunnels as they come and go. */
export class Administration implements TunnelObserver {
  readonly recorder: Recorder
  readonly #options: AdministrationOptions
  readonly #hub = new EventHub()
  readonly #live: LiveState
  readonly #startedAt = new Date()
  readonly #timer: NodeJS.Timeout
  #server: AdminServer | null = null

  constructor(options: AdministrationOptions) {
    this.#options = options
    const { store, agents, config, log } = options
    const onAudit = (record: AuditRecord): void => this.#onAudit(record)
    this.recorder = new Recorder({ store, agents, node: config().node.name, clock: systemClock, log, onAudit })
    this.#live = new LiveState({ agents, clock: systemClock })
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref()
  }

  /** Serves the API. The port of its address; null: it has none. Throws NetworkError UR_ADMIN_LISTEN. */
  async listen(): Promise<number | null> {
    const { store, book, config, log } = this.#options
    const { listen, data_dir: dataDir } = config()
    const socket = adminSocket(dataDir)
    if (socket === null) log.warn({ data_dir: dataDir }, 'the path of data_dir is too long for a socket in it')
    this.#server = await AdminServer.listen({
      store,
      book,
      listen: listen.admin,
      socket,
      gate: new AdminGate({ tokens: store.adminTokens, clock: systemClock, log }),
      live: this.#live,
      hub: this.#hub,
      health: () => this.#health(),
      allowedHosts: () => this.#allowedHosts(),
      names: () => reserveSettings(config(), log),
      vault: () => openVault(config()),
      onAudit: (record) => this.#onAudit(record),
      log,
    })
    return this.#server.port
  }

  /** Ends the API. */
  async stop(): Promise<void> {
    await this.#server?.close()
  }

  /** Writes what is not written yet; to be called when the last session is closed, and before the store is. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.recorder.close()
  }

  // TunnelObserver

  sessionOpened(session: AgentSession): void {
    this.#hub.publish('session', { change: 'opened', session: this.#live.showSession(session) })
  }

  sessionChanged(session: AgentSession): void {
    this.#hub.publish('session', { change: 'changed', session: this.#live.showSession(session) })
  }

  sessionClosed(session: AgentSession, why: Code): void {
    this.#hub.publish('session', { change: 'closed', why, session: this.#live.showSession(session) })
  }

  tunnelBound(tunnel: Tunnel): void {
    this.#live.tunnelBound(tunnel)
    this.recorder.tunnelBound(tunnel)
    this.#hub.publish('tunnel', { change: 'bound', tunnel: this.#live.showTunnel(tunnel) })
  }

  tunnelUnbound(tunnel: Tunnel, why: Code): void {
    this.recorder.tunnelUnbound(tunnel, why)
    this.#hub.publish('tunnel', { change: 'unbound', why, tunnel: this.#live.showTunnel(tunnel) })
  }

  #onAudit(record: AuditRecord): void {
    this.#hub.publish('audit', auditEntryOf(record))
  }

  #look(): void {
    this.recorder.look()
    this.#live.sample()
    this.#hub.mention('rates', () => this.#live.totals())
  }

  #health(): Health {
    const { readiness, config, store } = this.#options
    return {
      ...readiness.look(),
      version: VERSION,
      node: config().node.name,
      domain: config().domain,
      database: store.name,
      started_at: this.#startedAt.toISOString(),
      ...this.#live.totals(),
    }
  }

  #allowedHosts(): ReadonlySet<string> {
    const { domain, listen } = this.#options.config()
    const own = listen.admin?.host === undefined ? [] : [listen.admin.host]
    return new Set([domain, ...own, ...listen.admin_hosts])
  }
}

/** What keys in the database are encrypted with. Throws CertificateError UR_VAULT_KEY. */
function openVault({ certs, data_dir: dataDir }: ServerConfig): Promise<KeyVault> {
  return KeyVault.open(keySource({ env: process.env, file: certs.key_file, dataDir }))
}
