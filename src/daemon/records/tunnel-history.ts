import type { Code } from '../../core/error-codes.js'
import type { Logger } from '../../core/logger.js'
import { newTunnelId, type TunnelEvent, type TunnelRepository } from '../../store/index.js'
import { kindName, type Tunnel } from '../../tunnels/index.js'
import { WriteBehind } from './write-behind.js'

/** Events that wait to be written. */
const MOST_EVENTS = 20_000

export interface TunnelHistoryOptions {
  readonly tunnels: Pick<TunnelRepository, 'write'>
  /** Name of this server. */
  readonly node: string
  readonly log: Logger
}

/** Writes down which tunnel was bound when, and why it ended. */
export class TunnelHistory {
  readonly #node: string
  /** Of those that are bound. */
  readonly #ids = new Map<Tunnel, string>()
  readonly #writer: WriteBehind<TunnelEvent>

  constructor({ tunnels, node, log }: TunnelHistoryOptions) {
    this.#node = node
    const write = (batch: readonly TunnelEvent[]): Promise<void> => tunnels.write(batch)
    this.#writer = new WriteBehind({ what: 'history of tunnels', write, most: MOST_EVENTS, log })
  }

  get waiting(): number {
    return this.#writer.waiting
  }

  get dropped(): number {
    return this.#writer.dropped
  }

  bound(tunnel: Tunnel): void {
    const id = newTunnelId()
    this.#ids.set(tunnel, id)
    const { name, kind, publicUrl: address, session } = tunnel
    const { id: tokenId, accountId } = session.token
    const bound = { accountId, tokenId, name, kind: kindName(kind), address, node: this.#node }
    this.#writer.push({ id, at: new Date(), bound })
  }

  unbound(tunnel: Tunnel, why: Code): void {
    const id = this.#ids.get(tunnel)
    if (id !== undefined) this.#writer.push({ id, at: new Date(), why })
    this.#ids.delete(tunnel)
  }

  /** Writes what is left; tunnels that are bound still end with the server. */
  close(): Promise<void> {
    for (const tunnel of [...this.#ids.keys()]) this.unbound(tunnel, 'UR_SERVER_DRAINING')
    return this.#writer.close()
  }
}
