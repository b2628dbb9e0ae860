import { isIPv4, isIPv6 } from 'node:net'
import { CertificateError } from '../../core/errors.js'
import { usualValue } from '../../dns/index.js'
import type { AddressRecord } from './provider.js'

/**
 * The records with their values as DNS tells them. Throws CertificateError UR_DNS_OPTION for records that cannot stand
 * beside each other, or are none.
 */
export function usualRecords(records: readonly AddressRecord[]): AddressRecord[] {
  checkRecords(records)
  return records.map(({ type, value }) => ({ type, value: usualValue(type, value) }))
}

function checkRecords(records: readonly AddressRecord[]): void {
  const wrong = (message: string): CertificateError => new CertificateError('UR_DNS_OPTION', message)
  if (records.some(({ type }) => type === 'CNAME') && records.length > 1) {
    throw wrong('a CNAME has to be the only record of its name; give one name, or addresses')
  }
  for (const { type, value } of records) {
    if (type === 'A' && !isIPv4(value)) throw wrong(`${value} is no IPv4 address`)
    if (type === 'AAAA' && (!isIPv6(value) || value.includes('%'))) throw wrong(`${value} is no IPv6 address`)
    if (type === 'CNAME' && !/^[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?$/i.test(value)) throw wrong(`${value} is no host name`)
  }
}

/** As in a zone file. */
export function recordText({ type, value }: AddressRecord): string {
  return `${type} ${value}`
}

/** What was changed, for logs: never empty, since what was found may come from a wildcard above. */
export function changesOf(
  name: string,
  found: readonly AddressRecord[],
  wanted: readonly AddressRecord[],
): readonly string[] {
  const [before, after] = [found.map(recordText), wanted.map(recordText)]
  const removed = before.filter((text) => !after.includes(text)).map((text) => `removed ${name} ${text}`)
  const added = after.filter((text) => !before.includes(text)).map((text) => `added ${name} ${text}`)
  return removed.length + added.length > 0 ? [...removed, ...added] : after.map((text) => `added ${name} ${text}`)
}

/** Whether records of this type are ours to change. */
export function isAddressRecord(type: string): type is AddressRecord['type'] {
  return type === 'A' || type === 'AAAA' || type === 'CNAME'
}
