import { setTimeout as pause } from 'node:timers/promises'
import { Backoff } from '../../core/backoff.js'
import { CertificateError } from '../../core/errors.js'
import {
  addressData,
  CLASS,
  decodeMessage,
  type DnsMessage,
  type DnsServer,
  DnsFailure,
  DnsFormatError,
  encodeMessage,
  encodeName,
  exchangeOverTcp,
  isWithin,
  type MessageToSend,
  newId,
  OPCODE,
  RCODE,
  rcodeName,
  readName,
  type RecordToSend,
  serverText,
  txtData,
  TYPE,
  typeOf,
  upwards,
} from '../../dns/index.js'
import { changesOf, recordText, usualRecords } from './changes.js'
import type { AddressRecord, DnsProvider, RecordEditor } from './provider.js'
import { TsigKey, type TsigKeyOptions } from './tsig.js'

export interface Rfc2136Options {
  /** Name servers that take updates, the primary first; the next one is tried when one does not answer or refuses. */
  readonly servers: readonly DnsServer[]
  /** null: updates are not signed; the name server has to know this machine by its address. */
  readonly key: TsigKeyOptions | null
  /** The zone that holds every name; null: it is looked for at the name server. */
  readonly zone: string | null
  /** Of the records that are written, seconds. */
  readonly ttlS: number
  /** For one answer of one server, ms. */
  readonly timeoutMs: number
  /** Rounds over the servers before giving up, with growing pauses in between. */
  readonly tries: number
  /** The clock of the machine, for signatures. */
  readonly now?: () => Date
}

const ADDRESS_TYPES = ['A', 'AAAA', 'CNAME'] as const

/**
 * Records by dynamic updates (RFC 2136), signed with TSIG (RFC 8945). Everything goes over TCP: nothing has to be sent
 * twice, answers have room for signatures, a server that is not there says so at once, and nobody forges a sender.
 */
export class Rfc2136Provider implements DnsProvider {
  readonly name = 'rfc2136'
  readonly concurrentValues = null
  readonly delegation = null
  readonly records: RecordEditor = { replace: (name, records, signal) => this.#replace(name, records, signal) }
  readonly #options: Rfc2136Options
  readonly #key: TsigKey | null
  readonly #zone: string | null

  /** Throws CertificateError UR_DNS_OPTION. */
  constructor(options: Rfc2136Options) {
    if (options.servers.length === 0) throw new CertificateError('UR_DNS_OPTION', 'RFC 2136 needs a name server')
    this.#options = options
    this.#key = options.key === null ? null : new TsigKey(options.key)
    this.#zone = options.zone === null ? null : usualName(options.zone)
  }

  async addTxt(name: string, value: string, signal: AbortSignal): Promise<void> {
    await this.#update(name, signal, [this.#record(name, TYPE.TXT, txtData(value))])
  }

  async removeTxt(name: string, value: string, signal: AbortSignal): Promise<void> {
    await this.#update(name, signal, [{ name, type: TYPE.TXT, class: CLASS.NONE, ttl: 0, data: txtData(value) }])
  }

  async #replace(name: string, records: readonly AddressRecord[], signal: AbortSignal): Promise<readonly string[]> {
    const wanted = usualRecords(records)
    return this.#onServers(signal, async (server) => {
      const zone = await this.#zoneAt(server, name, signal)
      if (await this.#isAsWanted(server, zone, name, wanted, signal)) return []
      const found = await this.#addressesAt(server, name, signal)
      await this.#send(
        server,
        signal,
        update(
          zone,
          [],
          [
            ...ADDRESS_TYPES.map((type) => absent(name, typeOf(type))),
            ...wanted.map(({ type, value }) => this.#record(name, typeOf(type), addressData(type, value))),
          ],
        ),
      )
      // A CNAME beside other records, and addresses beside a CNAME, are left out in silence (RFC 2136 §3.4.2.2).
      if (await this.#isAsWanted(server, zone, name, wanted, signal)) return changesOf(name, found, wanted)
      const message = `${serverText(server)} did not take ${wanted.map(recordText).join(', ')} for ${name}`
      throw new CertificateError(
        'UR_DNS_CONFLICT',
        `${message}: there are records of other types, beside which no CNAME may be`,
      )
    })
  }

  // By the conditions of an update, which look into the zone itself: a query would answer from a wildcard above, too.
  async #isAsWanted(
    server: DnsServer,
    zone: string,
    name: string,
    wanted: readonly AddressRecord[],
    signal: AbortSignal,
  ): Promise<boolean> {
    const conditions: RecordToSend[] = wanted.map(({ type, value }) => {
      return { name, type: typeOf(type), class: CLASS.IN, ttl: 0, data: addressData(type, value) }
    })
    for (const type of ADDRESS_TYPES) {
      const isWanted = wanted.some((record) => record.type === type)
      if (!isWanted) conditions.push({ ...absent(name, typeOf(type)), class: CLASS.NONE })
    }
    const answer = await this.#exchange(server, signal, update(zone, conditions, []))
    if (answer.rcode === RCODE.YXRRSET || answer.rcode === RCODE.NXRRSET || answer.rcode === RCODE.NXDOMAIN)
      return false
    refuseUnless(answer, server, zone)
    return true
  }

  async #addressesAt(server: DnsServer, name: string, signal: AbortSignal): Promise<AddressRecord[]> {
    const found: AddressRecord[] = []
    for (const type of ADDRESS_TYPES) {
      const { answers } = await this.#exchange(server, signal, question(name, typeOf(type)))
      for (const record of answers) {
        if (record.name === usualName(name) && record.type === typeOf(type))
          found.push({ type, value: record.value ?? '' })
      }
    }
    return found
  }

  #record(name: string, type: number, data: Buffer): RecordToSend {
    return { name, type, class: CLASS.IN, ttl: this.#options.ttlS, data }
  }

  async #update(name: string, signal: AbortSignal, changes: readonly RecordToSend[]): Promise<void> {
    await this.#onServers(signal, async (server) => {
      const zone = await this.#zoneAt(server, name, signal)
      await this.#send(server, signal, update(zone, [], changes))
    })
  }

  async #send(server: DnsServer, signal: AbortSignal, message: MessageToSend): Promise<void> {
    refuseUnless(await this.#exchange(server, signal, message), server, message.questions[0]?.name ?? '')
  }

  /** The zone of a name as this server has it: the SOA record of the name itself, or the one that says it has none. */
  async #zoneAt(server: DnsServer, name: string, signal: AbortSignal): Promise<string> {
    if (this.#zone !== null) return this.#zone
    for (const candidate of upwards(usualName(name))) {
      const { rcode, answers, authority } = await this.#exchange(server, signal, question(candidate, TYPE.SOA))
      const soa = [...answers, ...authority].find(
        (record) => record.type === TYPE.SOA && isWithin(candidate, record.name),
      )
      if (soa !== undefined) return soa.name
      if (rcode === RCODE.SERVFAIL) break
    }
    const message = `${serverText(server)} does not serve the zone of ${name}`
    throw new CertificateError('UR_DNS_ZONE', `${message}; name another server, or the zone in the configuration`)
  }

  /** Runs `work` with one server after the other, until it succeeds. */
  async #onServers<T>(signal: AbortSignal, work: (server: DnsServer) => Promise<T>): Promise<T> {
    const { servers, tries } = this.#options
    const backoff = new Backoff({ baseMs: 500, maxMs: 5000 })
    for (let round = 1; ; round++) {
      const failures: CertificateError[] = []
      for (const server of servers) {
        try {
          return await work(server)
        } catch (error) {
          signal.throwIfAborted()
          if (!(error instanceof CertificateError)) throw error
          failures.push(error)
        }
      }
      const willPass = failures.some(({ code }) => code === 'UR_DNS_UNREACHABLE' || code === 'UR_DNS_FAILED')
      if (!willPass || round >= tries) throw together(failures)
      await pause(backoff.next(), undefined, { signal }).catch(() => signal.throwIfAborted())
    }
  }

  async #exchange(server: DnsServer, signal: AbortSignal, message: MessageToSend): Promise<DnsMessage> {
    const now = this.#options.now ?? (() => new Date())
    const at = serverText(server)
    try {
      const plain = encodeMessage(message)
      const signed = this.#key?.sign(plain, now())
      const options = { timeoutMs: this.#options.timeoutMs, signal }
      const bytes = await exchangeOverTcp(server, signed?.bytes ?? plain, options)
      const answer = decodeMessage(bytes)
      if (!answer.isResponse || answer.id !== message.id || answer.opcode !== message.opcode) {
        throw new CertificateError('UR_DNS_ANSWER', `${at} answered something else than it was asked`)
      }
      if (signed !== undefined) this.#key?.verify(bytes, answer, signed.mac, now(), at)
      return answer
    } catch (error) {
      if (error instanceof DnsFailure) throw new CertificateError('UR_DNS_UNREACHABLE', error.message, { cause: error })
      if (!(error instanceof DnsFormatError)) throw error
      throw new CertificateError('UR_DNS_ANSWER', `the answer of ${at} cannot be read: ${error.message}`, {
        cause: error,
      })
    }
  }
}

function question(name: string, type: number): MessageToSend {
  return { id: newId(), opcode: OPCODE.QUERY, questions: [{ name, type, class: CLASS.IN }] }
}

/** RFC 2136 §2: the zone, what has to be so, and what is to be changed. */
function update(zone: string, conditions: readonly RecordToSend[], changes: readonly RecordToSend[]): MessageToSend {
  const questions = [{ name: zone, type: TYPE.SOA, class: CLASS.IN }]
  return { id: newId(), opcode: OPCODE.UPDATE, questions, answers: conditions, authority: changes }
}

/** In an update: all records of the type are to go (RFC 2136 §2.5.2). */
function absent(name: string, type: number): RecordToSend {
  return { name, type, class: CLASS.ANY, ttl: 0, data: Buffer.alloc(0) }
}

function refuseUnless({ rcode }: DnsMessage, server: DnsServer, zone: string): void {
  const at = serverText(server)
  if (rcode === RCODE.NOERROR) return
  if (rcode === RCODE.REFUSED || rcode === RCODE.NOTAUTH) {
    const why =
      rcode === RCODE.REFUSED
        ? 'the key or address may not change it'
        : 'it is not the primary server, or the key may not'
    throw new CertificateError('UR_DNS_REFUSED', `${at} refused an update of ${zone} (${rcodeName(rcode)}): ${why}`)
  }
  throw new CertificateError('UR_DNS_FAILED', `${at} answered an update of ${zone} with ${rcodeName(rcode)}`)
}

function usualName(name: string): string {
  try {
    return readName(encodeName(name), 0).name
  } catch (error) {
    throw new CertificateError('UR_DNS_OPTION', `${name} is no name of DNS`, { cause: error })
  }
}

function together(failures: readonly CertificateError[]): CertificateError {
  const [first] = failures
  if (first === undefined) throw new Error('no server was asked')
  if (failures.length === 1) return first
  return new CertificateError(first.code, failures.map(({ message }) => message).join('; '), { cause: first })
}
