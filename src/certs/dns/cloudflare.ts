import { CertificateError } from '../../core/errors.js'
import { upwards, usualValue } from '../../dns/index.js'
import { changesOf, isAddressRecord, usualRecords } from './changes.js'
import { CloudflareApi, type CloudflareOptions, type CloudflareZone } from './cloudflare-api.js'
import type { AddressRecord, DnsProvider, RecordEditor } from './provider.js'

/** Of records of proofs, seconds: the least that Cloudflare takes. */
const PROOF_TTL_S = 60
/** Of addresses: Cloudflare decides. */
const AUTOMATIC_TTL = 1

/** Records of zones at Cloudflare, by its API v4 with a token. */
export class CloudflareProvider implements DnsProvider {
  readonly name = 'cloudflare'
  readonly concurrentValues = null
  readonly delegation = null
  readonly records: RecordEditor = { replace: (name, records, signal) => this.#replace(name, records, signal) }
  readonly #api: CloudflareApi
  readonly #zones = new Map<string, CloudflareZone>()

  /** Throws CertificateError UR_DNS_OPTION. */
  constructor(options: CloudflareOptions) {
    this.#api = new CloudflareApi(options)
  }

  async addTxt(name: string, value: string, signal: AbortSignal): Promise<void> {
    const record = { type: 'TXT', name, content: `"${value}"`, ttl: PROOF_TTL_S }
    await this.#inZone(name, signal, (zone) => this.#api.create(zone, record, signal))
  }

  async removeTxt(name: string, value: string, signal: AbortSignal): Promise<void> {
    await this.#inZone(name, signal, async (zone) => {
      const records = await this.#api.records(zone, name, 'TXT', signal)
      for (const { id, content } of records) if (unquoted(content) === value) await this.#api.delete(zone, id, signal)
    })
  }

  async #replace(name: string, records: readonly AddressRecord[], signal: AbortSignal): Promise<readonly string[]> {
    const wanted = usualRecords(records)
    return this.#inZone(name, signal, async (zone) => {
      const all = await this.#api.records(zone, name, null, signal)
      const found = all.flatMap(({ id, type, content }) => {
        return isAddressRecord(type) ? [{ id, type, value: usualValue(type, content) }] : []
      })
      const isSame = (a: AddressRecord) => (b: AddressRecord) => a.type === b.type && a.value === b.value
      const wrong = found.filter((record) => !wanted.some(isSame(record)))
      const missing = wanted.filter((record) => !found.some(isSame(record)))
      if (wrong.length + missing.length === 0) return []
      const posts = missing.map(({ type, value }) => {
        return { type, name, content: value, ttl: AUTOMATIC_TTL, proxied: false }
      })
      await this.#api.batch(
        zone,
        wrong.map(({ id }) => id),
        posts,
        signal,
      )
      return changesOf(name, found, wanted)
    })
  }

  async #inZone<T>(name: string, signal: AbortSignal, work: (zone: CloudflareZone) => Promise<T>): Promise<T> {
    const zone = await this.#zoneOf(name, signal)
    try {
      return await work(zone)
    } catch (error) {
      // It may have been removed and made anew, with another id.
      this.#zones.delete(zone.name)
      throw error
    }
  }

  /** The zone with the longest name that a name ends with. */
  async #zoneOf(name: string, signal: AbortSignal): Promise<CloudflareZone> {
    const candidates = upwards(name).filter((candidate) => candidate.includes('.') && !candidate.startsWith('*.'))
    const known = candidates.map((candidate) => this.#zones.get(candidate)).find((zone) => zone !== undefined)
    if (known !== undefined) return known
    for (const candidate of candidates) {
      const zone = (await this.#api.zones(candidate, signal)).find((each) => each.name === candidate)
      if (zone === undefined) continue
      this.#zones.set(candidate, zone)
      return zone
    }
    const message = `Cloudflare has no zone for ${name} that the token may see`
    throw new CertificateError('UR_DNS_ZONE', `${message}; give the token the right Zone / Zone / Read for it`)
  }
}

/** The value of a TXT record: strings in quotes, put together, or as it is. */
function unquoted(content: string): string {
  if (!content.startsWith('"')) return content
  return [...content.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) => text.replace(/\\(.)/g, '$1')).join('')
}
