import type { Endpoint } from './endpoint.js'
import type { Description } from './openapi.js'
import { Problem } from './schemas.js'

/** What /openapi.json says beside the endpoints. */
export const DESCRIPTION: Description<Endpoint> = {
  title: 'UniRoute admin API',
  prefix: '/api/v1/',
  common: [400, 401, 403, 413, 415, 421, 422, 429, 503],
  statuses: {
    200: 'Done.',
    201: 'Made.',
    204: 'Done; there is nothing to tell.',
    400: 'The request was not understood.',
    401: 'No token, or one that is no good.',
    403: 'The token may not change anything, or a page of another site sent the request.',
    404: 'There is no such thing.',
    409: 'Somebody has it already.',
    413: 'The body is too long.',
    415: 'The body is not JSON.',
    421: 'The request is for a host that is not this server’s.',
    422: 'A field is wrong; `errors` names it.',
    429: 'Too much for now; `Retry-After` says when it may be tried again.',
    503: 'The database does not answer; it may be tried again.',
  },
  problem: Problem,
  security: {
    document: { security: [{ token: [] }] },
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: '`unra_…`, from `uniroutd admin-token create`.' },
      },
    },
  },
  describe: ({ scope }) => `Needs a token of the scope \`${scope}\`.`,
}
