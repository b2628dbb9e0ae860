import type { Description } from '../../admin/openapi.js'
import type { Endpoint } from './endpoint.js'
import { Problem } from './schemas.js'

/** What /api/inspect/openapi.json says beside the endpoints. */
export const DESCRIPTION: Description<Endpoint> = {
  title: 'UniRoute inspector API',
  prefix: '/api/inspect/',
  common: [400, 403, 413, 415, 421, 422, 500],
  statuses: { 200: 'Done.', 201: 'Made.', 204: 'Done; there is nothing to tell.' },
  problem: Problem,
  security: { document: {}, components: {} },
  describe: ({ method }) => (method === 'GET' ? 'Changes nothing.' : 'Not for pages of other sites.'),
}
