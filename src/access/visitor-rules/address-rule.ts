import { BlockList, type IPVersion } from 'node:net'
import type { Network } from '../../config/index.js'
import { ipFromBytes, ipToBytes, unmapped } from '../../hello/ip-bytes.js'
import { BoundedMap } from '../../core/bounded-map.js'

/** How many addresses the answer is remembered for: a connection has one address and many requests. */
const REMEMBERED = 1024

/**
 * Which addresses may come: none that a denied network has, and where there are allowed ones only those. IPv4 counts as
 * IPv4 where IPv6 carries it (`::ffff:192.0.2.1`), in lists as in addresses; a zone (`%eth0`) is left out.
 */
export class AddressRule {
  readonly #allow: NetworkSet | null
  readonly #deny: NetworkSet | null
  readonly #answers = new BoundedMap<boolean>(REMEMBERED)

  constructor(allow: readonly Network[], deny: readonly Network[]) {
    this.#allow = allow.length === 0 ? null : new NetworkSet(allow)
    this.#deny = deny.length === 0 ? null : new NetworkSet(deny)
  }

  /** What is no IP address may not come, where there is any list. */
  allows(address: string): boolean {
    if (this.#allow === null && this.#deny === null) return true
    let answer = this.#answers.get(address)
    if (answer === undefined) this.#answers.set(address, (answer = this.#look(address)))
    return answer
  }

  #look(address: string): boolean {
    const bytes = ipToBytes(address.replace(/%.*$/, ''))
    if (bytes === null) return false
    const plain = unmapped(bytes)
    if (this.#deny?.has(plain)) return false
    return this.#allow?.has(plain) ?? true
  }
}

/** In front of the IPv4 address in an IPv6 one that carries it. */
const MAPPED_BITS = 96

/** Each family has its own list: `::/0` is all of IPv6, and nothing of IPv4. */
class NetworkSet {
  readonly #lists: Readonly<Record<IPVersion, BlockList>> = { ipv4: new BlockList(), ipv6: new BlockList() }

  constructor(networks: readonly Network[]) {
    for (const { address, prefix } of networks) {
      const bytes = ipToBytes(address)
      if (bytes === null) throw new RangeError(`"${address}" is no IP address`)
      const mapped = prefix >= MAPPED_BITS && unmapped(bytes).length < bytes.length
      if (mapped) this.#lists.ipv4.addSubnet(ipFromBytes(bytes), prefix - MAPPED_BITS, 'ipv4')
      else this.#lists[familyOf(bytes)].addSubnet(address, prefix, familyOf(bytes))
    }
  }

  has(bytes: Uint8Array): boolean {
    const family = familyOf(bytes)
    return this.#lists[family].check(ipFromBytes(bytes), family)
  }
}

function familyOf(bytes: Uint8Array): IPVersion {
  return bytes.length === 4 ? 'ipv4' : 'ipv6'
}
