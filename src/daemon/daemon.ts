import type { TLSSocket } from 'node:tls'
import { RightsBook, TokenGate } from '../access/index.js'
import { ByteBudget, PasswordQueue } from '../access/visitor-rules/index.js'
import { adminSocket, assertNotServed } from '../admin/index.js'
import { networkMatcher, type ServerConfig } from '../config/index.js'
import { systemClock } from '../core/clock.js'
import type { Logger } from '../core/logger.js'
import { VERSION } from '../core/version.js'
import { Admission, FdWatch, HttpPort, TcpPorts, TlsPort, type ListenOn } from '../ingress/index.js'
import { Metrics } from '../metrics/index.js'
import { Names } from '../names/index.js'
import { HttpProxy } from '../proxy/http/index.js'
import { RouteTable } from '../routing/index.js'
import { openStore, type Store } from '../store/index.js'
import { Agents, PortRanges, Site, type TunnelObserver, type TunnelTable } from '../tunnels/index.js'
import { logRequest } from './access-log.js'
import type { AcmeCertificates } from './acme/acme-certificates.js'
import { Administration } from './administration.js'
import { namesProblem, openCertificates, type Certificates } from './certificates.js'
import { Closers } from './closers.js'
import { storeOptions } from './database.js'
import { httpLimits, ingressLimits, tunnelLimits, processBudgets, wireLimits } from './limits.js'
import { MemoryWatch } from './memory-watch.js'
import { MetricsServer } from './metrics-server.js'
import { nameRules, watchRules } from './names.js'
import { hostPort, publicUrl } from './public-url.js'
import { Readiness, watchDatabase } from './readiness.js'
import { closeLeftOpen } from './records/recorder.js'
import { reloadedConfig } from './reload.js'
import { wireBounds } from './wire-bounds.js'

/** How long a forced end still waits for visitors to be told, ms. */
const FORCED_MS = 200

/** Where a started server listens: `HOST:PORT`, null where it does not. */
export interface Addresses {
  readonly tls: string
  readonly http: string | null
  readonly admin: string | null
  readonly metrics: string | null
}

export interface DaemonOptions {
  config: ServerConfig
  log: Logger
  /** Sockets that were opened for us, instead of `listen.tls` and `listen.http`. */
  sockets?: { readonly tls?: number; readonly http?: number }
}

/** A running server: every room wired to the others, and the order in which they start and stop. */
export class Daemon {
  readonly readiness = new Readiness()
  readonly store: Store
  readonly certificates: Certificates
  #config: ServerConfig
  #isTrustedProxy: (address: string) => boolean
  #tellsTruth: (address: string) => boolean
  readonly #log: Logger
  readonly #metrics = new Metrics({ version: VERSION })
  readonly #closers: Closers
  readonly #admission: Admission
  readonly #agents: Agents
  readonly #administration: Administration
  readonly #names: Names
  readonly #table: TunnelTable = new RouteTable()
  readonly #tcpPorts: TcpPorts
  readonly #http: HttpProxy
  readonly #listeners: { close(): Promise<void> }[] = []
  #onForced: () => void = () => undefined
  readonly #forced = new Promise<void>((resolve) => (this.#onForced = resolve))
  #addresses: Addresses = { tls: '', http: null, admin: null, metrics: null }
  /** Those that are listened on. */
  readonly #ports = { tls: 0, http: 0 }

  private constructor({ config, log }: DaemonOptions, store: Store, certificates: Certificates, closers: Closers) {
    this.#config = config
    this.#log = log
    this.store = store
    this.certificates = certificates
    this.#closers = closers
    this.#isTrustedProxy = networkMatcher(config.listen.proxy_protocol)
    this.#tellsTruth = networkMatcher(config.listen.trusted_proxies)
    const metrics = this.#metrics
    metrics.setLimits(config.limits)
    metrics.watchCertificates(() => certificates.book.describe())
    const { acme } = certificates
    if (acme !== null) metrics.addSource(() => acme.numbers())

    const ranges = new PortRanges(config.listen.tcp_ports)
    const limits = () => ingressLimits(this.#config)
    const hooks = { accepted: () => undefined, rejected: metrics.rejected.bind(metrics) }
    const isTrustedProxy = (address: string) => this.#isTrustedProxy(address)
    const isProxy = (address: string) => this.#tellsTruth(address) || isTrustedProxy(address)
    this.#admission = new Admission(limits, hooks, log, systemClock, isProxy)
    const table = this.#table
    this.#tcpPorts = new TcpPorts({ table, ranges, admission: this.#admission, limits, isTrustedProxy })
    const passwords = new PasswordQueue()
    const webhookBudget = new ByteBudget(config.limits.http_webhook_bytes)
    this.#http = new HttpProxy({
      table,
      clock: systemClock,
      log,
      limits: () => httpLimits(this.#config),
      challengeAnswer: acme === null ? undefined : (host, token) => acme.answers.httpAnswer(host, token),
      rules: { clock: systemClock, now: () => Date.now(), passwords, webhookBudget },
      isTrustedProxy: (address) => this.#tellsTruth(address),
      httpsUrl: (host) => publicUrl(config, this.#ports, 'https', host, null),
      onRequest: (record) => {
        metrics.httpRequest(record.status, record.durationMs, record.code)
        if (this.#config.access_log === 'on') logRequest(log, record)
      },
      onMalformed: (_connection, code) => metrics.httpRequest(code === 'UR_HTTP_FLOOD' ? 0 : 400, 0, code),
    })
    metrics.addSource(() => {
      const { active, held } = this.#http.forwarder
      return {
        httpActive: active,
        httpHeld: held.count,
        httpHeldBytes: held.bytes,
        httpWebhookBytes: webhookBudget.used,
        httpLoginsWaiting: passwords.waiting,
      }
    })
    this.#administration = new Administration({
      store,
      book: certificates.book,
      agents: () => this.#agents,
      config: () => this.#config,
      readiness: this.readiness,
      log,
    })
    closers.add(() => this.#administration.close())
    const { recorder } = this.#administration
    metrics.addSource(() => recorder.numbers())
    const rights = new RightsBook({ usage: store.tokenUsage, log, domain: config.domain })
    closers.add(() => rights.close())
    const gate = new TokenGate({
      tokens: store.tokens,
      certificates: store.agentCertificates,
      rights,
      log,
      sessionRate: () => this.#config.limits.session_rate_per_address,
      onBanned: (address) => recorder.audit.banned(address),
    })
    closers.add(() => gate.close())
    this.#names = new Names({
      reservations: store.reservations,
      domain: config.domain,
      rules: nameRules(config),
      watch: () => watchRules(this.#config),
      onChange: () => this.#agents.addressesChanged(),
      onProof: (change, reservation) => recorder.audit.proof(change, reservation),
      log,
    })
    metrics.addSource(() => this.#names.numbers())
    closers.add(() => this.#names.close())
    const budgets = processBudgets(config)
    const memory = new MemoryWatch({ limit: () => this.#config.limits.memory, log })
    memory.start()
    closers.add(() => memory.stop())
    // Behind a load balancer all agents have its address.
    const ownAddress = (address: string): string | undefined => (isTrustedProxy(address) ? undefined : address)
    this.#agents = new Agents({
      gate: {
        check: (token, address, certificate) => gate.check(token, ownAddress(address), certificate),
        checkCarrier: (identity, address, certificate) => gate.checkCarrier(identity, ownAddress(address), certificate),
      },
      rights,
      table,
      addresses: this.#names.gate,
      opener: this.#tcpPorts,
      ports: ranges,
      domain: config.domain,
      publicUrl: (scheme, host, port) => publicUrl(config, this.#ports, scheme, host, port),
      serverVersion: VERSION,
      node: config.node.name,
      nodeAddress:
        config.node.advertise === null ? '' : hostPort(config.node.advertise.host, config.node.advertise.port),
      limits: () => tunnelLimits(this.#config),
      wire: () => wireLimits(this.#config, budgets),
      memory,
      hooks: metrics,
      observer: withCertificates(this.#administration, acme),
      clock: systemClock,
      log,
    })
    gate.watchTokens(
      () => this.#agents.liveTokenIds(),
      (tokenId, reason) => this.#agents.endSessionsOfToken(tokenId, reason),
      (tokenId) => this.#agents.rightsChanged(tokenId),
    )
    const watch = new FdWatch(hooks, log, systemClock)
    watch.start()
    closers.add(() => watch.stop())
    metrics.addSource(() => this.#admission.numbers())
    metrics.addSource(() => {
      const numbers = this.#agents.numbers()
      return { ...numbers, ...wireBounds(numbers, this.#config) }
    })
    this.readiness.watchReason('descriptors', () => (watch.exhausted ? 'no file descriptors are left' : null))
    watchDatabase(this.readiness, gate)
  }

  /** Starts a server. What was started is stopped again when a part fails. Throws UniRouteError. */
  static async start(options: DaemonOptions): Promise<Daemon> {
    const { config, log, sockets = {} } = options
    const closers = new Closers()
    const socket = adminSocket(config.data_dir)
    try {
      // Before anything of the other one is touched, such as its tunnels in the history.
      if (socket !== null) await assertNotServed(socket)
      const store = await openStore(storeOptions(config))
      closers.add(() => store.close())
      await closeLeftOpen(store, config.node.name, log)
      let daemon: Daemon | null = null
      const certificates = await openCertificates({
        config,
        store,
        log,
        env: process.env,
        isProved: (host) => daemon !== null && daemon.#names.gate.isProved(host),
        isBound: (host) => daemon !== null && daemon.#table.hostOwner(host) instanceof Site,
      })
      const problem = certificates.acme === null ? namesProblem(certificates.book, config.domain) : null
      if (problem !== null) log.warn({ domain: config.domain }, `certificates: ${problem}`)
      closers.add(() => certificates.close())
      daemon = new Daemon(options, store, certificates, closers)
      await daemon.#names.start()
      await daemon.#listen(sockets)
      certificates.acme?.start()
      return daemon
    } catch (error) {
      await closers
        .close()
        .catch((failure: unknown) => log.error({ error: failure }, 'closing after a failed start failed'))
      throw error
    }
  }

  get addresses(): Addresses {
    return this.#addresses
  }

  get config(): ServerConfig {
    return this.#config
  }

  /** Follows a configuration that was read again, as far as a running server can, without dropping a connection. */
  async reload(after: ServerConfig): Promise<void> {
    const { config, diff } = reloadedConfig(this.#config, after)
    await this.certificates.reload(config)
    this.#config = config
    this.#isTrustedProxy = networkMatcher(config.listen.proxy_protocol)
    this.#tellsTruth = networkMatcher(config.listen.trusted_proxies)
    this.#names.gate.setRules(nameRules(config))
    this.#agents.addressesChanged()
    this.#metrics.setLimits(config.limits)
    this.#metrics.reloaded('ok')
    this.#log.info(diff.reloadable.length === 0 ? {} : { changed: diff.reloadable }, 'configuration reloaded')
    if (diff.needsRestart.length > 0) {
      this.#log.warn({ keys: diff.needsRestart }, 'these keys changed too, but take effect only after a restart')
    }
  }

  /** A reload that could not be: the old configuration stays. */
  reloadFailed(error: unknown): void {
    this.#metrics.reloaded('failed')
    this.#log.error({ error }, 'configuration not reloaded; the old one stays in force')
  }

  /**
   * Comes to an end: takes no new visitor and no new agent, tells all agents, and resolves when the last visitor is
   * gone or after `graceMs`, with everything closed.
   */
  async drain(graceMs: number): Promise<void> {
    this.readiness.set('draining', 'the server is stopping')
    const lastClosed = Promise.all(this.#listeners.map((listener) => listener.close()))
    this.#tcpPorts.close()
    // Requests that visitors sent before they knew still find their agents.
    const left = this.#http.drain()
    if (graceMs > 0) await Promise.race([left, this.#forced])
    await this.#agents.drain(graceMs, 'the server is stopping')
    // Whoever came in before the listeners closed gets an answer; carriers hand over what was written.
    await this.#settled(lastClosed)
    this.#admission.close()
    this.#http.close()
    await this.#closers.close()
  }

  /** Cuts a drain short: what is still open is closed now. */
  force(): void {
    this.#agents.close()
    setTimeout(() => this.#onForced(), FORCED_MS)
  }

  /** Waits for `closed`, but no longer than a connection may take to say who it is, and hardly at all when forced. */
  async #settled(closed: Promise<unknown>): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#config.limits.hello_timeout)
    })
    await Promise.race([closed, late, this.#forced])
    clearTimeout(timer)
  }

  async #listen(sockets: NonNullable<DaemonOptions['sockets']>): Promise<void> {
    const { listen } = this.#config
    const admission = this.#admission
    const limits = () => ingressLimits(this.#config)
    const { book, acme } = this.certificates
    const tls = new TlsPort({
      table: this.#table,
      admission,
      limits,
      isTrustedProxy: (address) => this.#isTrustedProxy(address),
      contextFor: (name, clients) =>
        acme === null ? (book.secureContextFor(name, clients) ?? null) : acme.contextFor(name, clients),
      challengeContext: acme === null ? undefined : (name) => acme.answers.tlsAlpnContext(name),
      defaultPem: book.defaultPem,
      onAgent: (socket: TLSSocket, remote, certificate) => this.#agents.accept(socket, remote, certificate),
      onHttp: (socket, connection) => this.#http.takeTls(socket, connection),
    })
    book.onReload(() => tls.setDefaultCertificate(book.defaultPem))
    this.#ports.tls = await tls.listen(listenOn(sockets.tls, listen.tls))
    this.#listeners.push(tls)
    this.#closers.add(() => tls.close())
    const addresses = {
      tls: addressText(listen.tls, this.#ports.tls),
      http: null as string | null,
      admin: null as string | null,
      metrics: null as string | null,
    }

    if (listen.http !== null) {
      const http = new HttpPort({
        admission,
        limits,
        isTrustedProxy: (address) => this.#isTrustedProxy(address),
        onHttp: (socket, visitor) => this.#http.takePlain(socket, { visitor }),
      })
      this.#ports.http = await http.listen(listenOn(sockets.http, listen.http))
      addresses.http = addressText(listen.http, this.#ports.http)
      this.#listeners.push(http)
      this.#closers.add(() => http.close())
    }
    const adminPort = await this.#administration.listen()
    this.#closers.add(() => this.#administration.stop())
    if (listen.admin !== null && adminPort !== null) addresses.admin = addressText(listen.admin, adminPort)
    if (listen.metrics !== null) {
      const server = await MetricsServer.listen({
        listen: listen.metrics,
        metrics: this.#metrics,
        readiness: this.readiness,
        log: this.#log,
      })
      addresses.metrics = addressText(listen.metrics, server.address.port)
      this.#closers.add(() => server.close())
    }
    this.#addresses = addresses
  }
}

/** Tells the certificates too of host names that are bound. */
function withCertificates(observer: TunnelObserver, acme: AcmeCertificates | null): TunnelObserver {
  if (acme === null) return observer
  return {
    sessionOpened: (session) => observer.sessionOpened(session),
    sessionChanged: (session) => observer.sessionChanged(session),
    sessionClosed: (session, why) => observer.sessionClosed(session, why),
    tunnelBound: (tunnel) => {
      observer.tunnelBound(tunnel)
      if (tunnel.http !== null && tunnel.host !== null) acme.bound(tunnel.host)
    },
    tunnelUnbound: (tunnel, why) => observer.tunnelUnbound(tunnel, why),
  }
}

function listenOn(fd: number | undefined, address: { host: string | undefined; port: number }): ListenOn {
  return fd === undefined ? address : { fd }
}

function addressText({ host }: { host: string | undefined }, port: number): string {
  return hostPort(host ?? '0.0.0.0', port)
}
