import { isIPv4, isIPv6 } from 'node:net'
import {
  AcmeDnsProvider,
  AddressKeeper,
  type AddressRecord,
  CloudflareProvider,
  type DnsProvider,
  DnsSolver,
  ExecProvider,
  Propagation,
  Rfc2136Provider,
} from '../../certs/dns/index.js'
import type { ServerConfig } from '../../config/index.js'
import type { Logger } from '../../core/logger.js'
import { DnsLookup } from '../../dns/index.js'

type DnsConfig = ServerConfig['certs']['acme']['dns']

/** For one answer of a provider, ms; and how often it is asked. */
const PROVIDER = { timeoutMs: 15_000, tries: 4 }
const HOOK_GRACE_MS = 5_000
const PROPAGATION = { silenceMs: 30_000, intervalMs: 1_000 }
const CLEAN_UP_MS = 60_000
const ADDRESSES = { everyMs: 3_600_000, baseMs: 30_000, timeoutMs: 60_000 }

/** Who sets records, as it is configured; null: nobody. Throws CertificateError UR_DNS_OPTION. */
export function dnsProvider(dns: DnsConfig, env: NodeJS.ProcessEnv): DnsProvider | null {
  const ttlS = Math.round(dns.ttl / 1000)
  switch (dns.provider) {
    case 'none':
      return null
    case 'cloudflare': {
      const { token, url } = dns.cloudflare
      return new CloudflareProvider({ token: token?.reveal() ?? '', baseUrl: url, ...PROVIDER })
    }
    case 'rfc2136': {
      const { servers, zone, key, key_name: name, algorithm } = dns.rfc2136
      const signed = key === null ? null : { name: name ?? '', secret: key.reveal(), algorithm }
      return new Rfc2136Provider({ servers, zone, key: signed, ttlS, ...PROVIDER })
    }
    case 'acme-dns': {
      const { url, subdomain, username, password, fulldomain } = dns.acme_dns
      return new AcmeDnsProvider({
        url: url ?? '',
        subdomain: subdomain ?? '',
        username: username ?? '',
        password: password?.reveal() ?? '',
        fulldomain: fulldomain ?? '',
        ...PROVIDER,
      })
    }
    case 'exec': {
      const { hook, timeout: timeoutMs, environment: passed } = dns.exec
      const environment = Object.fromEntries(passed.map((name) => [name, env[name] ?? '']))
      return new ExecProvider({ hook: hook ?? '', environment, timeoutMs, graceMs: HOOK_GRACE_MS })
    }
  }
}

/** Shows proofs by `dns-01`. */
export function dnsSolver(config: ServerConfig, provider: DnsProvider, log: Logger): DnsSolver {
  const { dns } = config.certs.acme
  const lookup = new DnsLookup({ resolvers: config.dns.resolvers, timeoutMs: config.dns.timeout })
  const { propagation_timeout: deadlineMs, domains } = dns
  return new DnsSolver({
    provider,
    lookup,
    propagation: deadlineMs === 0 ? null : new Propagation({ lookup, alsoAsk: [], deadlineMs, ...PROPAGATION, log }),
    domains: domains.length === 0 ? [config.domain] : domains,
    cleanUpMs: CLEAN_UP_MS,
    log,
  })
}

/** Keeps the addresses of the server's own names as they are configured; null: they are the operator's. */
export function addressKeeper(config: ServerConfig, provider: DnsProvider, log: Logger): AddressKeeper | null {
  const { addresses } = config.certs.acme.dns
  const editor = provider.records
  if (editor === null || addresses.length === 0) return null
  const records = addresses.map((value): AddressRecord => ({ type: typeOf(value), value }))
  const wanted = [config.domain, `*.${config.domain}`].map((name) => ({ name, records }))
  return new AddressKeeper({ editor, wanted, ...ADDRESSES, log })
}

function typeOf(value: string): AddressRecord['type'] {
  return isIPv4(value) ? 'A' : isIPv6(value) ? 'AAAA' : 'CNAME'
}
