import { authoritiesId, type ClientAuthorities } from '../config/index.js'
import { RefusedError } from '../core/errors.js'
import type { Pool } from './pool.js'
import type { Site } from './site.js'
import type { HttpSpec, Tunnel } from './tunnel.js'

/** Where a tunnel is to stand, and which ones give way to it. */
interface Asked {
  readonly site: Site
  readonly pool: Pool
  readonly losers: readonly Tunnel[]
}

/**
 * Makes sure that what a tunnel asks of visitors' certificates can be kept: they are asked for in the handshake, when the
 * host is known and the path is not, so that all tunnels of a host that ask have to name the same authorities, and all of
 * a pool ask or none. Throws RefusedError UR_MUTUAL_TLS_SCHEME, UR_MUTUAL_TLS_DIFFERS.
 */
export function checkMutualTls({ site, pool, losers }: Asked, { scheme, options }: HttpSpec): void {
  const mine = asked(options.rules.mutualTlsCa)
  if (mine !== null && scheme !== 'https') {
    const message = `Visitors can be asked for certificates only by TLS, and the tunnel is to be served by ${scheme === 'both' ? 'plain HTTP too' : 'plain HTTP'}; leave --scheme out.`
    throw new RefusedError('UR_MUTUAL_TLS_SCHEME', message)
  }
  for (const other of site.tunnels()) {
    const theirs = authoritiesOf(other)
    const isFree = losers.includes(other) || (other.member?.pool !== pool && (mine === null || theirs === null))
    if (isFree || idOf(theirs) === idOf(mine)) continue
    const message = `The tunnel "${other.name}" has the name ${site.host} too, and other authorities for the certificates of visitors (--mutual-tls-ca); give both the same, or this one another name.`
    throw new RefusedError('UR_MUTUAL_TLS_DIFFERS', message)
  }
}

/** Notes what visitors of a host are to be asked for, after its tunnels have changed; without any it stays as it was. */
export function noteAuthorities(site: Site): void {
  const tunnels = site.tunnels()
  if (tunnels.length === 0) return
  site.clientAuthorities = tunnels.map(authoritiesOf).find((each) => each !== null) ?? null
}

function authoritiesOf({ http }: Tunnel): ClientAuthorities | null {
  return http === null ? null : asked(http.options.rules.mutualTlsCa)
}

function asked(authorities: ClientAuthorities): ClientAuthorities | null {
  return authorities.length === 0 ? null : authorities
}

function idOf(authorities: ClientAuthorities | null): string | null {
  return authorities === null ? null : authoritiesId(authorities)
}
