import type { ServerConfig } from '../config/index.js'
import type { NameRules, WatchRules } from '../names/index.js'

/** `names.*` as the gate of names wants it. */
export function nameRules({ names }: Pick<ServerConfig, 'names'>): NameRules {
  return { refusedLabels: names.refused_labels, customDomains: names.custom_domains }
}

/** `dns.*` as the watch over domains wants it. */
export function watchRules({ dns }: Pick<ServerConfig, 'dns'>): WatchRules {
  return {
    resolvers: dns.resolvers,
    timeoutMs: dns.timeout,
    intervalMs: dns.check_interval,
    graceMs: dns.grace,
  }
}
