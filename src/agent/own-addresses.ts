import { networkInterfaces } from 'node:os'

/** False when no interface of this machine that is up has the address (any more). */
export function isOwnAddress(address: string): boolean {
  const plain = bare(address)
  // All of 127.0.0.0/8 is ours, and only 127.0.0.1 is listed.
  if (plain.startsWith('127.') || plain === '::1') return true
  const interfaces = readInterfaces()
  // Unknown: nothing is to be done on suspicion.
  if (interfaces === null) return true
  return Object.values(interfaces).some((infos) => infos?.some((info) => bare(info.address) === plain) === true)
}

/** Without the zone of a link-local address, and IPv4 as such. */
function bare(address: string): string {
  return address.replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/, '')
}

/** All addresses of this machine, as a text that differs when they do. */
export function addressesText(): string {
  const interfaces = Object.entries(readInterfaces() ?? {})
  return interfaces
    .flatMap(([name, infos]) => (infos ?? []).map(({ cidr, address }) => `${name} ${cidr ?? address}`))
    .sort()
    .join('\n')
}

/** Null: the system does not let us, as in a sandbox without netlink. */
function readInterfaces(): ReturnType<typeof networkInterfaces> | null {
  try {
    return networkInterfaces()
  } catch {
    return null
  }
}
