import { randomBytes } from 'node:crypto'
import { BlockList, isIPv4, isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { type DnsClient, DnsFailure } from '../../dns/index.js'
import { type DoctorFinding, well, wrong } from './finding.js'

export interface AddressQuestion {
  readonly dns: DnsClient
  /** The domain of the server. */
  readonly domain: string
  /** Addresses under which visitors reach this machine, where its own are not those; empty: its own. */
  readonly advertised: readonly string[]
  /** Of this machine; those of its interfaces unless a test says otherwise. */
  readonly own?: readonly string[]
}

/** Addresses that only a network of one's own has (RFC 1918, RFC 6598, RFC 4193 and those of links and hosts). */
const PRIVATE = new BlockList()
for (const [net, bits] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['169.254.0.0', 16],
  ['127.0.0.0', 8],
] as const) {
  PRIVATE.addSubnet(net, bits, 'ipv4')
}
for (const [net, bits] of [
  ['fc00::', 7],
  ['fe80::', 10],
  ['::1', 128],
] as const) {
  PRIVATE.addSubnet(net, bits, 'ipv6')
}

/** Whether the domain, and any name below it, lead to this machine. */
export async function addressFindings(question: AddressQuestion): Promise<DoctorFinding[]> {
  const { domain } = question
  return Promise.all([addressFinding(question, domain), addressFinding(question, `*.${domain}`)])
}

/** Whether a name, or those that a wildcard stands for, lead to this machine. */
export async function addressFinding(question: Omit<AddressQuestion, 'domain'>, name: string): Promise<DoctorFinding> {
  // Nobody has set this name: what answers is the wildcard.
  const asked = name.replace(/^\*/, `uniroute-doctor-${randomBytes(4).toString('hex')}`)
  const { dns, advertised, own = ownAddresses() } = question
  const what = `addresses of ${name}`
  const here = advertised.length > 0 ? advertised : own.filter(isPublic)
  const records = here.map((address) => `${name} ${isIPv4(address) ? 'A' : 'AAAA'} ${address}`)
  const toSet = records.length > 0 ? records.join(', ') : `${name} A ADDRESS (the public address of this machine)`
  try {
    const found = await dns.addresses(asked)
    if (found.length === 0) return wrong(what, 'it does not resolve', `set in DNS: ${toSet}`)
    if (found.some((address) => advertised.includes(address) || own.includes(address))) return well(what)
    // Behind address translation no interface has the public address.
    if (here.length === 0) return well(`${what}: ${found.join(', ')} (this machine has no public address to compare)`)
    return wrong(what, `it leads to ${found.join(', ')}, and not to this machine`, `set in DNS: ${toSet}`)
  } catch (error) {
    if (!(error instanceof DnsFailure)) throw error
    return wrong(what, error.message, 'check the resolvers of this machine, or dns.resolvers')
  }
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address))
}

function isPublic(address: string): boolean {
  if (isIPv4(address)) return !PRIVATE.check(address, 'ipv4')
  return isIPv6(address) && !PRIVATE.check(address, 'ipv6')
}
