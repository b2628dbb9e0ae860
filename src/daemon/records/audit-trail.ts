import type { Clock } from '../../core/clock.js'
import type { Logger } from '../../core/logger.js'
import { TokenBucket } from '../../core/token-bucket.js'
import { type ProofChange, proofEntry } from '../../names/index.js'
import type { AuditEntry, AuditRecord, AuditRepository, ReservationRecord } from '../../store/index.js'
import type { Tunnel } from '../../tunnels/index.js'
import { WriteBehind } from './write-behind.js'

/** Entries that wait to be written. */
const MOST_ENTRIES = 1_000
/** Agents and strangers cause these entries: more are counted, and not written. */
const RATE = { burst: 100, perSecond: 1 }

export interface AuditTrailOptions {
  readonly audit: Pick<AuditRepository, 'append'>
  readonly clock: Clock
  readonly log: Logger
  /** Told of each entry that was written. */
  onEntry(record: AuditRecord): void
}

/** Writes into the audit log what nobody ordered and an operator should know: takeovers, and addresses that are kept out. */
export class AuditTrail {
  readonly #bucket: TokenBucket
  readonly #writer: WriteBehind<AuditEntry>
  #omitted = 0

  constructor({ audit, clock, log, onEntry }: AuditTrailOptions) {
    this.#bucket = new TokenBucket(clock, RATE)
    const write = async ([entry]: readonly AuditEntry[]): Promise<void> => {
      if (entry !== undefined) onEntry(await audit.append(entry))
    }
    this.#writer = new WriteBehind({ what: 'audit log', write, most: MOST_ENTRIES, log, batch: 1 })
  }

  get waiting(): number {
    return this.#writer.waiting
  }

  get dropped(): number {
    return this.#writer.dropped + this.#omitted
  }

  /** Another agent of the same token took the address of `tunnel`. */
  takenOver({ publicUrl, name, session }: Tunnel): void {
    this.#add({
      actor: session.token.id,
      action: 'tunnel.takeover',
      object: publicUrl,
      details: { tunnel: name, token: session.token.name, session: session.id, from: session.identity.remote },
    })
  }

  /** An address failed to log in so often that it is refused without a look, for a while. */
  banned(address: string): void {
    this.#add({ actor: 'server', action: 'login.ban', object: address, address })
  }

  /** A reserved domain became its account's, or is no more, by what DNS says. */
  proof(change: ProofChange, reservation: ReservationRecord): void {
    this.#add(proofEntry('server', change, reservation))
  }

  close(): Promise<void> {
    return this.#writer.close()
  }

  #add(entry: AuditEntry): void {
    if (this.#bucket.take()) this.#writer.push(entry)
    else this.#omitted++
  }
}
