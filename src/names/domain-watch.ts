import { createHash } from 'node:crypto'
import type { Logger } from '../core/logger.js'
import type { ProofState, ReservationRecord, ReservationRepository } from '../store/index.js'
import type { ReservationBook } from './book.js'
import { DnsClient, type DnsOptions } from '../dns/index.js'
import { lookForProof, type ProofAnswer } from './proof.js'

/** How proofs are looked for again. */
export interface WatchRules extends DnsOptions {
  /** Time between two looks for a proof that is there, ms. */
  readonly intervalMs: number
  /** How long a domain stays with its account after its proof was first missed, ms. */
  readonly graceMs: number
}

export interface DomainWatchOptions {
  readonly reservations: Pick<ReservationRepository, 'noteProof'>
  readonly book: ReservationBook
  readonly log: Logger
  /** As they are now. */
  rules(): WatchRules
  /** Told of what was noted, once it is written. Must not throw. Default: nobody. */
  onProof?(change: ProofChange, reservation: ReservationRecord): void
}

/** What became of a domain: it is the account's, from now on or again; or no more. */
export type ProofChange = 'proved' | 'lapsed'

/** Most looks at once. */
const MOST_LOOKS = 8
/** A proof that is missing is looked for after a tenth of the time that it has been missing, within these bounds, ms. */
const SOONEST_MS = 60_000
const LATEST_MS = 3_600_000
/** How much earlier or later than that, at most: servers and domains of one time do not stay together. */
const JITTER = 0.1

/**
 * Looks for the proofs of domains again and again. One that is missed for longer than the grace time loses its domain,
 * as soon as DNS says so (an answer that does not come proves nothing), and gets it back when it is there again.
 */
export class DomainWatch {
  readonly #options: DomainWatchOptions
  /** When each was last looked for, ms of the calendar. */
  readonly #looked = new Map<string, number>()
  #timer: NodeJS.Timeout | null = null
  #turns: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(options: DomainWatchOptions) {
    this.#options = options
  }

  start(): void {
    this.#turns = this.#turn()
  }

  /** Resolves when the looks under way are over. */
  async close(): Promise<void> {
    this.#closed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    await this.#turns
  }

  async #turn(): Promise<void> {
    await this.look()
    if (this.#closed) return
    const everyMs = Math.min(SOONEST_MS, this.#options.rules().intervalMs) / 4
    this.#timer = setTimeout(() => (this.#turns = this.#turn()), everyMs)
  }

  /** Looks for every proof that is due, a few at once. */
  async look(): Promise<void> {
    const now = Date.now()
    const domains = this.#options.book.domains()
    const ids = new Set(domains.map(({ id }) => id))
    for (const id of this.#looked.keys()) if (!ids.has(id)) this.#looked.delete(id)
    const due = domains.filter((record) => this.#dueAt(record, now) <= now)
    const work = async (): Promise<void> => {
      for (let record = due.pop(); record !== undefined && !this.#closed; record = due.pop()) await this.#check(record)
    }
    await Promise.all(Array.from({ length: MOST_LOOKS }, work))
  }

  #dueAt({ id, createdAt, verifiedAt, failingSince }: ReservationRecord, now: number): number {
    const { intervalMs } = this.#options.rules()
    const good = verifiedAt !== null && failingSince === null
    const last = this.#looked.get(id) ?? (good ? verifiedAt.getTime() : 0)
    // The clock was set back: who waited for that time again would look for nothing until then.
    if (last > now) return now
    const missingMs = last - (failingSince ?? createdAt).getTime()
    const soonest = Math.min(SOONEST_MS, intervalMs)
    const pause = good ? intervalMs : Math.min(Math.max(missingMs / 10, soonest), LATEST_MS, intervalMs)
    return last + pause * (1 + JITTER * spread(id))
  }

  async #check(record: ReservationRecord): Promise<void> {
    const { id, value, proof } = record
    try {
      const answer = await lookForProof(new DnsClient(this.#options.rules()), value, proof)
      await noteAnswer(this.#options, record, answer)
    } catch (error) {
      this.#options.log.warn({ domain: value, error }, 'how a proof stands could not be noted; it is looked for again')
    } finally {
      this.#looked.set(id, Date.now())
    }
  }
}

/**
 * Writes down what was found of a domain's proof, and logs what that changes. Gives how the proof stands now.
 * Throws StoreError.
 */
export async function noteAnswer(
  { reservations, log, rules, onProof }: Pick<DomainWatchOptions, 'reservations' | 'log' | 'rules' | 'onProof'>,
  record: ReservationRecord,
  { state, text }: ProofAnswer,
): Promise<ProofState> {
  const { id, value, verifiedAt, failingSince } = record
  const now = new Date()
  const fields = { domain: value, reservation: id, found: text }
  const note = async (proof: ProofState): Promise<ProofState> => {
    await reservations.noteProof(id, proof)
    return proof
  }
  if (state === 'found') {
    if (verifiedAt === null || failingSince !== null) log.info(fields, 'the proof of a domain was found')
    const proved = await note({ verifiedAt: now, failingSince: null })
    if (verifiedAt === null) onProof?.('proved', record)
    return proved
  }
  if (verifiedAt === null) {
    log.debug(fields, 'the proof of a domain is not there yet')
    return { verifiedAt, failingSince }
  }
  if (failingSince === null) {
    log.warn(fields, 'the proof of a domain was not found; its tunnels go on for the grace time')
    return note({ verifiedAt, failingSince: now })
  }
  if (state === 'failed' || now.getTime() - failingSince.getTime() < rules().graceMs) {
    return { verifiedAt, failingSince }
  }
  log.error(fields, 'the proof of a domain is missing for longer than the grace time; its account has it no more')
  const lapsed = await note({ verifiedAt: null, failingSince })
  onProof?.('lapsed', record)
  return lapsed
}

/** A number from -1 to 1, the same each time for an id. */
function spread(id: string): number {
  return createHash('sha256').update(id).digest().readInt32BE(0) / 2 ** 31
}
