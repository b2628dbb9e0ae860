import { setTimeout as pause } from 'node:timers/promises'
import { CertificateError } from '../../core/errors.js'
import type { Logger } from '../../core/logger.js'
import {
  DnsFailure,
  type DnsLookup,
  type DnsServer,
  DnsUnreachable,
  query,
  RCODE,
  rcodeName,
  serverText,
  TYPE,
} from '../../dns/index.js'

export interface PropagationOptions {
  readonly lookup: DnsLookup
  /** Resolvers that have to see a record too, beside the name servers of its zone. */
  readonly alsoAsk: readonly DnsServer[]
  /** How long a record may take to be everywhere, ms. */
  readonly deadlineMs: number
  /** How long a name server that does not answer is waited for when all others have the record, ms. */
  readonly silenceMs: number
  /** Between two rounds of questions, ms. */
  readonly intervalMs: number
  /** Of name servers; 53 unless a test says otherwise. */
  readonly port?: number
  readonly log: Logger
}

/** One address of one server, and what became of the question. */
interface Witness {
  readonly who: string
  readonly server: DnsServer
  readonly isResolver: boolean
  /** `away`: this machine has no way to it; `silent`: it gives no answer that says anything. */
  state: 'seen' | 'missing' | 'silent' | 'away'
  said: string
}

/**
 * Waits for a TXT record to be on every name server of its zone, asked at each of its addresses: an authority asks any of
 * them, and what it does not find once costs an attempt.
 */
export class Propagation {
  readonly #options: PropagationOptions

  constructor(options: PropagationOptions) {
    this.#options = options
  }

  /**
   * Resolves when the record is everywhere; `name` is no alias. Throws CertificateError UR_DNS_PROPAGATION, and what
   * `signal` was aborted with.
   */
  async wait(name: string, value: string, signal: AbortSignal): Promise<void> {
    const { deadlineMs, silenceMs, intervalMs } = this.#options
    const startedAt = performance.now()
    let witnesses: readonly Witness[] = []
    let trouble = ''
    for (;;) {
      try {
        if (witnesses.length === 0) witnesses = await this.#witnesses(name, signal)
        await Promise.all(witnesses.map((witness) => this.#ask(witness, name, value, signal)))
      } catch (error) {
        if (!(error instanceof DnsFailure)) throw error
        trouble = error.message
      }
      const waitedMs = performance.now() - startedAt
      if (isEverywhere(witnesses, waitedMs >= silenceMs)) return this.#warn(name, witnesses)
      if (waitedMs + intervalMs >= deadlineMs) throw failure(name, witnesses, trouble, deadlineMs)
      await pause(intervalMs, undefined, { signal }).catch(() => signal.throwIfAborted())
    }
  }

  async #witnesses(name: string, signal: AbortSignal): Promise<Witness[]> {
    const { lookup, alsoAsk, port = 53 } = this.#options
    const zone = await lookup.zoneOf(name, signal)
    const witnesses: Witness[] = []
    for (const { name: who, addresses } of await lookup.nameServers(zone, signal)) {
      if (addresses.length === 0) throw new DnsFailure(`the name server ${who} of ${zone} has no address`)
      for (const host of addresses) witnesses.push(witnessOf(who, { host, port }, false))
    }
    return [...witnesses, ...alsoAsk.map((server) => witnessOf('the resolver', server, true))]
  }

  async #ask(witness: Witness, name: string, value: string, signal: AbortSignal): Promise<void> {
    if (witness.state === 'seen') return
    const { server, isResolver: recursion } = witness
    const { timeoutMs } = this.#options.lookup
    const conclude = (state: Witness['state'], said: string): void => void Object.assign(witness, { state, said })
    try {
      const answer = await query(server, name, TYPE.TXT, { recursion, timeoutMs, signal })
      const values = answer.answers.flatMap((record) => (record.type === TYPE.TXT ? [record.value] : []))
      if (answer.rcode !== RCODE.NOERROR && answer.rcode !== RCODE.NXDOMAIN) {
        conclude('silent', `answers ${rcodeName(answer.rcode)}`)
      } else if (!recursion && !answer.isAuthoritative) conclude('silent', 'does not serve the zone')
      else if (values.includes(value)) conclude('seen', 'has it')
      else conclude('missing', values.length === 0 ? 'has no TXT record there' : 'has other TXT records there')
    } catch (error) {
      if (!(error instanceof DnsFailure)) throw error
      conclude(error instanceof DnsUnreachable ? 'away' : 'silent', error.message)
    }
  }

  #warn(name: string, witnesses: readonly Witness[]): void {
    for (const { state, who, server, said } of witnesses) {
      const fields = { name, name_server: who, address: serverText(server), said }
      if (state === 'away') this.#options.log.debug(fields, 'a name server was not asked: there is no way to it')
      if (state !== 'silent') continue
      this.#options.log.warn(fields, 'a name server does not answer; the record is on all others')
    }
  }
}

function witnessOf(who: string, server: DnsServer, isResolver: boolean): Witness {
  return { who, server, isResolver, state: 'silent', said: 'was not asked yet' }
}

/** Whether nobody is waited for any more: those that are silent no longer when the time for them is over. */
function isEverywhere(witnesses: readonly Witness[], isSilenceOver: boolean): boolean {
  const seen = witnesses.some(({ state }) => state === 'seen')
  return (
    seen &&
    witnesses.every(({ state }) => state === 'seen' || state === 'away' || (state === 'silent' && isSilenceOver))
  )
}

function failure(name: string, witnesses: readonly Witness[], trouble: string, ms: number): CertificateError {
  const lines = witnesses
    .filter(({ state }) => state !== 'seen')
    .map(({ who, server, said }) =>
      said.startsWith(serverText(server)) ? `${who}: ${said}` : `${who} (${serverText(server)}) ${said}`,
    )
  const what = lines.length === 0 ? trouble : lines.join('; ')
  return new CertificateError(
    'UR_DNS_PROPAGATION',
    `the TXT record of ${name} was not everywhere after ${ms} ms: ${what}`,
  )
}
