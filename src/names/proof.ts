import { randomBytes } from 'node:crypto'
import { type DnsClient, DnsFailure } from '../dns/index.js'

/** A record that the owner of a domain has to set. */
export interface DnsRecord {
  readonly name: string
  readonly type: 'TXT' | 'CNAME'
  readonly value: string
}

/**
 * What was found of the proof of a domain. `failed`: DNS did not say, which proves nothing either way.
 * `text` says it for people.
 */
export interface ProofAnswer {
  readonly state: 'found' | 'wrong' | 'missing' | 'failed'
  readonly text: string
}

/** Whether visitors of a domain come here. */
export interface PointingAnswer {
  readonly state: 'here' | 'elsewhere' | 'missing' | 'failed'
  readonly text: string
}

/** A new proof: 144 random bits, from nothing that anybody knows or keeps secret. */
export function newProof(): string {
  return `uniroute-proof=${randomBytes(18).toString('base64url')}`
}

/** The record that proves the ownership of a domain. */
export function proofRecord(domain: string, proof: string): DnsRecord {
  return { name: `_uniroute.${domain}`, type: 'TXT', value: proof }
}

/** The record by which visitors of a domain come to the server. */
export function pointingRecord(domain: string, server: string): DnsRecord {
  return { name: domain, type: 'CNAME', value: server }
}

/** Looks for the proof of a domain; null: it was reserved without one. Never rejects. */
export async function lookForProof(dns: DnsClient, domain: string, proof: string | null): Promise<ProofAnswer> {
  if (proof === null) return { state: 'missing', text: `${domain} was reserved without a proof; reserve it anew` }
  const { name } = proofRecord(domain, proof)
  try {
    const records = await dns.txt(name)
    if (records?.includes(proof)) return { state: 'found', text: `the TXT record of ${name} is as it should be` }
    if (records !== null && records.length > 0) {
      const count = records.length === 1 ? 'a TXT record' : `${records.length} TXT records`
      return { state: 'wrong', text: `${name} has ${count}, and none is ${proof}` }
    }
    const { names, loop } = await dns.aliases(name)
    if (loop) return { state: 'missing', text: `the aliases of ${name} lead nowhere: ${chainText(name, names)}` }
    const via = names.length === 0 ? '' : ` (followed ${chainText(name, names)})`
    return {
      state: 'missing',
      text: records === null ? `there is no name ${name}${via}` : `${name} has no TXT record${via}`,
    }
  } catch (error) {
    return failed(error)
  }
}

/** Looks whether a domain leads to the server: by aliases, or, at the top of a zone, by the same addresses. Never rejects. */
export async function lookForPointing(dns: DnsClient, domain: string, server: string): Promise<PointingAnswer> {
  try {
    const { names, loop } = await dns.aliases(domain)
    if (loop) return { state: 'missing', text: `the aliases of ${domain} lead nowhere: ${chainText(domain, names)}` }
    const isHere = (name: string): boolean => name === server || name.endsWith(`.${server}`)
    if (names.some(isHere)) return { state: 'here', text: `${domain} is an alias of ${server}` }
    const [mine, its] = await Promise.all([dns.addresses(server), dns.addresses(domain)])
    if (its.length === 0) return { state: 'missing', text: `${domain} has no address` }
    if (its.some((address) => mine.includes(address))) {
      return { state: 'here', text: `${domain} has an address of ${server}` }
    }
    return { state: 'elsewhere', text: `${domain} leads to ${its.join(', ')}, and ${server} to ${mine.join(', ')}` }
  } catch (error) {
    return failed(error)
  }
}

function chainText(name: string, names: readonly string[]): string {
  return [name, ...names].join(' → ')
}

function failed(error: unknown): { state: 'failed'; text: string } {
  if (error instanceof DnsFailure) return { state: 'failed', text: error.message }
  throw error
}
