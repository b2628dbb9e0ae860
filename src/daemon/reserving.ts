import type { ServerConfig } from '../config/index.js'
import type { Logger } from '../core/logger.js'
import type { ReserveContext } from '../names/index.js'
import { normaliseHost } from '../routing/index.js'
import type { Store } from '../store/index.js'
import { nameRules, watchRules } from './names.js'

/** What the operations on reservations work with, for a server with this configuration. */
export function reserveContext(store: Store, config: ServerConfig, log: Logger): ReserveContext {
  return {
    store,
    domain: normaliseHost(config.domain) ?? config.domain,
    rules: nameRules(config),
    watch: watchRules(config),
    log,
  }
}
