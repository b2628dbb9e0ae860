import type { ServerConfig } from '../config/index.js'
import type { Logger } from '../core/logger.js'
import type { ReserveSettings } from '../names/index.js'
import { normaliseHost } from '../routing/index.js'
import { PortRanges } from '../tunnels/port-ranges.js'
import { nameRules, watchRules } from './names.js'

/** What a server with this configuration says to the operations on reservations. */
export function reserveSettings(config: ServerConfig, log: Logger): ReserveSettings {
  return {
    domain: normaliseHost(config.domain) ?? config.domain,
    rules: nameRules(config),
    watch: watchRules(config),
    ports: new PortRanges(config.listen.tcp_ports),
    log,
  }
}
