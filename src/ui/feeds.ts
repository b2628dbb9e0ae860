import type { Live } from './live/live.js'
import type { RequestFeed } from './live/request-feed.js'
import type { ConnectionFeed, StatusFeed } from './live/status-feed.js'

/** All that the pages show as it happens. */
export interface Feeds {
  readonly live: Live
  readonly requests: RequestFeed
  readonly status: StatusFeed
  readonly connections: ConnectionFeed
}
