import { randomBytes } from 'node:crypto'
import type { Clock } from '../core/clock.js'
import { RefusedError } from '../core/errors.js'
import { decodeHttpOptions, Http, Kind, type Bind } from '../protocol/index.js'
import { normaliseHost, normalisePattern, normalisePrefix } from '../routing/index.js'
import type { AgentSession } from './agent-session.js'
import type { AddressGate, PublicUrl, TunnelTable } from './api.js'
import { checkRights, checkRoom } from './bind-rights.js'
import { clip } from './clip.js'
import { OfflineSites } from './offline-sites.js'
import { checkMutualTls, noteAuthorities } from './mutual-tls.js'
import { digest, holderText, isGhost, nameDigest, ownedByOther, takenOver } from './ownership.js'
import { PoolMember, type Balance, type Pool } from './pool.js'
import { readableName } from './readable-name.js'
import { Site } from './site.js'
import { Tunnel, type HttpSpec } from './tunnel.js'

/** Most shares that one agent may ask for. */
const MAX_WEIGHT = 100
/** Readable names tried that follow from token and tunnel, and by chance, until a free one is found. */
const NAME_TRIES = 8

export interface HostBinderOptions {
  readonly table: TunnelTable
  readonly addresses: AddressGate
  readonly domain: string
  readonly publicUrl: PublicUrl
  readonly clock: Clock
  nextId(): number
}

/** Decides which `tls` or `http` tunnel gets which host name, and who must give one up for it. */
export class HostBinder {
  readonly #options: HostBinderOptions
  readonly #domain: string
  readonly #offline: OfflineSites

  constructor(options: HostBinderOptions) {
    this.#options = options
    this.#domain = normaliseHost(options.domain) ?? options.domain
    this.#offline = new OfflineSites(options.table, options.clock)
  }

  /** Throws RefusedError, whose code goes to the agent. */
  bind(session: AgentSession, bind: Bind): Promise<Tunnel> {
    return bind.kind === Kind.KIND_HTTP ? this.#bindHttp(session, bind) : this.#bindTls(session, bind)
  }

  /** Frees the name, unless it was handed on already. */
  release(tunnel: Tunnel): void {
    if (tunnel.host === null) return
    const { member } = tunnel
    if (member === null) {
      this.#options.table.deleteHost(tunnel.host, tunnel)
      return
    }
    const { pool } = member
    const now = this.#options.clock.now()
    pool.remove(tunnel, now)
    noteAuthorities(pool.site)
    pool.site.released(pool, now)
    if (pool.site.tunnels().length === 0) this.#offline.add(pool.site)
  }

  /** Forgets names whose agents are away and whose accounts may not have them any more. */
  forgetLost(): void {
    this.#offline.forget((site) => !this.#isAllowed(site.host, site.accountId))
  }

  async #bindTls(session: AgentSession, bind: Bind): Promise<Tunnel> {
    const host = this.#askedHost(session, bind) ?? (await this.#ownHost(session, bind, '', () => false))
    checkRights(session, { kind: 'tls', port: null, host, rules: null })
    const holders = this.#holders(host, session)
    checkRoom(session, holders.length)
    const url = this.#options.publicUrl('tls', host, null)
    const { name, holdMs } = bind
    const tunnel = new Tunnel(this.#options.nextId(), session, { kind: Kind.KIND_TLS, name, holdMs }, { host }, url)
    this.#options.table.setHost(host, tunnel)
    takeFrom(holders)
    return tunnel
  }

  async #bindHttp(session: AgentSession, bind: Bind): Promise<Tunnel> {
    const http = Http.create(bind.http ?? {})
    const prefix = normalisePrefix(http.path)
    if (prefix === null) {
      throw new RefusedError('UR_BIND_INVALID', `"${clip(http.path)}" is not a path, such as /api; correct --path.`)
    }
    // First of all: a tunnel whose rules cannot be kept must take nothing from others.
    const options = decodeHttpOptions(bind.httpOptions)
    const host = this.#askedHost(session, bind) ?? (await this.#httpHost(session, bind, prefix, http))
    checkRights(session, { kind: 'http', port: null, host, rules: options.rules })
    const spec: HttpSpec = {
      scheme: SCHEMES[http.scheme] ?? 'https',
      upstreamProtocol: PROTOCOLS[http.upstreamProtocol] ?? 'http1',
      options,
    }
    const place = this.#place(session, host, prefix, http)
    checkMutualTls(place, spec)
    const { site, pool, balance, losers } = place
    checkRoom(session, losers.length)
    const { name, holdMs } = bind
    const url = this.#options.publicUrl(spec.scheme === 'http' ? 'http' : 'https', host, null)
    const tunnel = new Tunnel(
      this.#options.nextId(),
      session,
      { kind: Kind.KIND_HTTP, name, holdMs, http: spec },
      { host },
      prefix === '/' ? url : url + prefix,
    )
    const weight = Math.min(Math.max(http.weight, 1), MAX_WEIGHT)
    tunnel.member = new PoolMember(
      pool,
      tunnel,
      weight,
      digest(session, `${session.instanceId}\0${name}`).toString('hex', 0, 8),
    )
    pool.balance = balance
    pool.holdMs = holdMs
    site.claimed()
    this.#offline.delete(site)
    pool.add(tunnel.member)
    this.#options.table.setHost(host, site)
    takeFrom(losers)
    noteAuthorities(site)
    return tunnel
  }

  /** Where an `http` tunnel comes to stand, and which tunnels it takes that from. */
  #place(session: AgentSession, host: string, prefix: string, http: Http): Place {
    const owner = this.#options.table.hostOwner(host)
    const balance = balanceOf(http)
    if (!(owner instanceof Site) || owner.tokenId !== session.token.id) {
      const losers = this.#holders(host, session)
      const site = new Site(host, session.token)
      return { site, pool: site.pool(prefix), balance, losers }
    }
    const pool = owner.pool(prefix)
    const others = pool.members.map(({ tunnel }) => tunnel)
    if (areShared(pool, balance)) return { site: owner, pool, balance, losers: [] }
    const mine = others.find((holder) => holder.session === session)
    if (mine !== undefined) {
      throw new RefusedError(
        'UR_NAME_TAKEN',
        `The name ${host}${prefix === '/' ? '' : prefix} is bound by ${holderText(mine, session)}; choose another, or give both --pool.`,
      )
    }
    return { site: owner, pool, balance, losers: others }
  }

  /** The name that the agent asks for; null: it takes any. */
  #askedHost(session: AgentSession, bind: Bind): string | null {
    if (bind.domain === '' && bind.subdomain === '') return null
    if (bind.domain === '' && bind.subdomain.includes('.')) {
      throw new RefusedError(
        'UR_NAME_INVALID',
        `"${clip(bind.subdomain)}" is more than one label below ${this.#domain}; ask for a whole name with --domain.`,
      )
    }
    const host = this.#checked(bind.domain || this.#below(bind.subdomain))
    // Who may not have it is not told whether it is reserved.
    checkRights(session, { kind: bind.kind === Kind.KIND_HTTP ? 'http' : 'tls', port: null, host, rules: null })
    this.#options.addresses.checkHost(host, session.token.accountId)
    return host
  }

  #httpHost(session: AgentSession, bind: Bind, prefix: string, http: Http): Promise<string> {
    return this.#ownHost(session, bind, http.preferredHost, (site) => {
      const pool = site.pools().find(({ path }) => path === prefix)
      return pool === undefined || areShared(pool, balanceOf(http))
    })
  }

  /**
   * A name for a tunnel that asked for none: the one that it had, or one that follows from token and tunnel, so that it
   * is the same after a restart of either side. A session that lives keeps its own; `fits`: unless both go together.
   */
  async #ownHost(session: AgentSession, bind: Bind, preferred: string, fits: (site: Site) => boolean): Promise<string> {
    for (const host of this.#candidates(session, bind, preferred)) {
      if (!this.#isAllowed(host, session.token.accountId)) continue
      const owner = this.#options.table.hostOwner(host)
      if (!(await this.#givesWay(owner, session, fits))) continue
      if (this.#options.table.hostOwner(host) === owner) return host
    }
    throw new RefusedError('UR_NAME_TAKEN', 'No free random name was found; choose one with --subdomain.')
  }

  *#candidates(session: AgentSession, bind: Bind, preferred: string): Generator<string> {
    const again = normaliseHost(preferred)
    if (again?.endsWith(`.${this.#domain}`) === true) yield again
    for (let i = 0; i < NAME_TRIES; i++) yield this.#below(readableName(nameDigest(session, bind.name, i)))
    for (let i = 0; i < NAME_TRIES; i++) yield this.#below(readableName(randomBytes(6)))
  }

  /** Whether whoever has a name leaves it to a session that did not insist on it. */
  async #givesWay(
    owner: Tunnel | Site | undefined,
    session: AgentSession,
    fits: (site: Site) => boolean,
  ): Promise<boolean> {
    if (owner === undefined) return true
    const holders = owner instanceof Site ? owner.tunnels() : [owner]
    if (owner instanceof Site && owner.tokenId !== session.token.id) {
      return holders.length === 0 && owner.isFree(this.#options.clock.now())
    }
    if (owner instanceof Site && fits(owner)) return true
    for (const holder of holders) if (!(await isGhost(holder, session))) return false
    return true
  }

  #isAllowed(host: string, accountId: string): boolean {
    try {
      this.#options.addresses.checkHost(host, accountId)
      return true
    } catch (error) {
      if (error instanceof RefusedError) return false
      throw error
    }
  }

  /** Whoever has to give the name up. Throws RefusedError(UR_NAME_TAKEN) when one of them need not. */
  #holders(host: string, session: AgentSession): Tunnel[] {
    const owner = this.#options.table.hostOwner(host)
    if (owner === undefined) return []
    const holders = owner instanceof Site ? owner.tunnels() : [owner]
    const keeper = holders.find((holder) => !ownedByOther(holder, session))
    if (keeper !== undefined) {
      throw new RefusedError(
        'UR_NAME_TAKEN',
        `The name ${host} is bound by ${holderText(keeper, session)}; choose another.`,
      )
    }
    const reserved =
      owner instanceof Site && owner.tokenId !== session.token.id && !owner.isFree(this.#options.clock.now())
    if (reserved) {
      throw new RefusedError(
        'UR_NAME_TAKEN',
        `The name ${host} is that of another token, whose agent is away; choose another.`,
      )
    }
    return holders
  }

  #below(label: string): string {
    return `${label}.${this.#domain}`
  }

  #checked(asked: string): string {
    const host = normalisePattern(asked)
    if (host === null) {
      throw new RefusedError('UR_NAME_INVALID', `"${clip(asked)}" is not a host name, nor *. and a host name.`)
    }
    // RFC 6066 §3 and the rules of public authorities: nobody could come by that name.
    if (host.includes('_')) {
      throw new RefusedError(
        'UR_NAME_INVALID',
        `The name ${host} has an underscore, which TLS does not allow; write -.`,
      )
    }
    if (host === this.#domain || host === `*.${this.#domain}`) {
      throw new RefusedError('UR_NAME_RESERVED', `The name ${host} belongs to the server itself; choose one below it.`)
    }
    return host
  }
}

interface Place {
  readonly site: Site
  readonly pool: Pool
  readonly balance: Balance
  readonly losers: readonly Tunnel[]
}

const SCHEMES: Partial<Record<Http.Scheme, HttpSpec['scheme']>> = {
  [Http.Scheme.HTTPS]: 'https',
  [Http.Scheme.HTTP]: 'http',
  [Http.Scheme.BOTH]: 'both',
}

const PROTOCOLS: Partial<Record<Http.UpstreamProtocol, HttpSpec['upstreamProtocol']>> = {
  [Http.UpstreamProtocol.HTTP1]: 'http1',
  [Http.UpstreamProtocol.HTTP2]: 'http2',
}

const POLICIES: Partial<Record<Http.Balance, Balance['policy']>> = {
  [Http.Balance.NONE]: 'none',
  [Http.Balance.ROUND_ROBIN]: 'round-robin',
  [Http.Balance.LEAST_CONNECTIONS]: 'least-connections',
}

function balanceOf(http: Http): Balance {
  return { policy: POLICIES[http.balance] ?? 'none', sticky: http.sticky }
}

/** Whether an agent of this kind and those in the pool serve their address together. */
function areShared(pool: Pool, balance: Balance): boolean {
  return balance.policy !== 'none' && pool.balance.policy !== 'none'
}

function takeFrom(holders: readonly Tunnel[]): void {
  for (const holder of holders) holder.session.loseTunnel(holder, takenOver(holder))
}
