import { z } from 'zod'
import { type Route, route, type RouteDefinition, routesBelow } from '../../admin/route.js'
import type { Logger } from '../../core/logger.js'
import type { ExchangeBook } from '../book.js'
import type { ConnectionLog } from '../connection-log.js'
import type { InspectorStatus } from '../contract.js'
import type { Exchange } from '../exchange.js'
import type { Suites } from '../files/suites.js'
import type { GrpcNames } from '../grpc/describer.js'
import type { Recorder, Replayer } from '../replay/replayer.js'
import type { TunnelControl } from '../tunnel-control.js'
import { InspectError } from './problems.js'

/** What answers requests. */
export interface Context {
  readonly book: ExchangeBook
  readonly connections: ConnectionLog
  readonly recorder: Recorder
  readonly replayer: Replayer
  readonly suites: Suites
  /** Puts names to what gRPC messages hold. */
  readonly grpc: GrpcNames
  /** Starts and stops tunnels of the agent. */
  readonly control: TunnelControl
  readonly log: Logger
  /** As it is now. */
  status(): InspectorStatus
}

/** What is answered that is no JSON. */
export interface Bytes {
  readonly type: string
  readonly body: Buffer | string | Iterable<string>
  /** For the field Content-Disposition; undefined: none. */
  readonly download?: string
}

/** A route of `/api/inspect`. */
export type Endpoint = Route<Context>

const PREFIX = '/api/inspect'

export const endpoint = routesBelow<Context>(PREFIX)

const BYTES = z.custom<Bytes>()

/** A route that answers with bytes. */
export function bytesEndpoint<
  P extends z.ZodObject = z.ZodObject<Record<never, never>>,
  Q extends z.ZodObject = z.ZodObject<Record<never, never>>,
>(definition: Omit<RouteDefinition<Context, P, Q, z.ZodNever, typeof BYTES>, 'response' | 'body'>): Endpoint {
  return { ...route(PREFIX, { ...definition, response: BYTES }), response: 'bytes' }
}

/** Throws InspectError 404 UR_INSPECT_NOT_FOUND. */
export function known(book: ExchangeBook, id: string): Exchange {
  const found = book.get(id)
  if (found !== undefined) return found
  throw new InspectError(
    404,
    'UR_INSPECT_NOT_FOUND',
    `There is no exchange ${id}; it may have made room for newer ones. What to do: look into the list.`,
  )
}
