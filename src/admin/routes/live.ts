import { z } from 'zod'
import { RefusedError } from '../../core/errors.js'
import { byId, endpoint, type Endpoint, pageSchema, paging } from '../endpoint.js'
import * as schemas from '../schemas.js'

const hex = z.string().regex(/^[0-9a-f]{1,64}$/)

/** What is connected and bound now, and how the server is. */
export const LIVE: readonly Endpoint[] = [
  endpoint({
    method: 'GET',
    path: '/health',
    summary: 'How the server is',
    response: schemas.Health,
    handle: (_, context) => context.health(),
  }),
  endpoint({
    method: 'GET',
    path: '/sessions',
    summary: 'Agents that are connected, or about to come back',
    query: paging,
    response: pageSchema(schemas.Session),
    handle: ({ query }, { live }) => live.sessions(query),
  }),
  endpoint({
    method: 'GET',
    path: '/sessions/{id}',
    summary: 'One session',
    params: byId,
    response: schemas.Session,
    errors: [404],
    handle: ({ params }, { live }) => live.session(params.id),
  }),
  endpoint({
    method: 'DELETE',
    path: '/sessions/{id}',
    summary: 'End a session: its visitors are cut off and its agent ends. Its token stays good',
    params: byId,
    status: 204,
    errors: [404],
    handle: async ({ params }, { live, operations }) => {
      const session = live.find(params.id)
      await operations.note('session.end', session.token.id, { session: session.id, address: session.identity.remote })
      session.refuse(new RefusedError('UR_SESSION_ENDED', 'The operator of the server ended the session.'))
    },
  }),
  endpoint({
    method: 'GET',
    path: '/tunnels',
    summary: 'Public addresses that are bound now',
    query: paging.extend({ session: hex.optional().meta({ description: 'Of one session only.' }) }),
    response: pageSchema(schemas.Tunnel),
    handle: ({ query }, { live }) => live.tunnels(query, query.session),
  }),
  endpoint({
    method: 'GET',
    path: '/tunnels/{id}',
    summary: 'One tunnel',
    params: byId,
    response: schemas.Tunnel,
    errors: [404],
    handle: ({ params }, { live }) => live.tunnel(params.id),
  }),
  endpoint({
    method: 'GET',
    path: '/streams',
    summary: 'Open streams of visitors',
    query: paging,
    response: pageSchema(schemas.Stream),
    handle: ({ query }, { live }) => live.streams(query),
  }),
  {
    ...endpoint({
      method: 'GET',
      path: '/events',
      summary:
        'Server-sent events. `state` comes first (sessions and tunnels, at most 1000 of each), then `session`, `tunnel` and ' +
        '`audit` as they change, and `rates` every 2 seconds. With `Last-Event-ID`, only what was missed',
      handle: () => undefined,
    }),
    response: 'events',
  },
]
