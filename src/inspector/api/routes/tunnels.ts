import { z } from 'zod'
import { type Endpoint, endpoint } from '../endpoint.js'
import { InspectError } from '../problems.js'
import { TunnelInspection, TunnelStart } from '../schemas.js'

const start = endpoint({
  method: 'POST',
  path: '/tunnels',
  summary: 'Starts a tunnel, for as long as the agent lives',
  body: TunnelStart,
  response: TunnelInspection,
  status: 201,
  errors: [409, 503],
  handle: async ({ body: { name, ...keys } }, { control, status }) => {
    await control.start({ name, keys, origins: {} }, false)
    const started = status().tunnels.find((tunnel) => tunnel.name === name)
    if (started === undefined) throw unknown(name)
    return started
  },
})

const stop = endpoint({
  method: 'DELETE',
  path: '/tunnels/{name}',
  summary: 'Stops a tunnel: its address is given back, and the connections of its visitors are closed',
  params: z.strictObject({ name: z.string() }),
  status: 204,
  errors: [404],
  handle: async ({ params: { name } }, { control }) => {
    if (!(await control.stop(name))) throw unknown(name)
  },
})

function unknown(name: string): InspectError {
  return new InspectError(404, 'UR_INSPECT_NOT_FOUND', `There is no tunnel "${name}".`)
}

export const TUNNELS: readonly Endpoint[] = [start, stop]
