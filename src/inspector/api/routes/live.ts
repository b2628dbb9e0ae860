import { type Endpoint, endpoint } from '../endpoint.js'
import { ConnectionList, InspectorStatus } from '../schemas.js'
import { connectionOf } from '../views.js'

const status = endpoint({
  method: 'GET',
  path: '/status',
  summary: 'The agent, its tunnels, and what is kept',
  response: InspectorStatus,
  handle: (_, context) => context.status(),
})

const connections = endpoint({
  method: 'GET',
  path: '/connections',
  summary: 'The last connections through tcp and tls tunnels, newest first',
  response: ConnectionList,
  handle: (_, { connections }) => ({ connections: connections.newestFirst().map(connectionOf) }),
})

const events = endpoint({
  method: 'GET',
  path: '/events',
  summary: 'What happens, as server-sent events: exchange, connection, status, cleared',
  response: 'events',
  errors: [503],
  handle: () => undefined,
})

export const LIVE: readonly Endpoint[] = [status, connections, events]
