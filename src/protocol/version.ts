/** TLS ALPN name of a carrier. */
export const ALPN = 'uniroute/1'

/** The protocol version that this code prefers. */
export const PROTOCOL_VERSION = 1

/** Every protocol version that this code speaks. */
export const SUPPORTED_VERSIONS: readonly number[] = [PROTOCOL_VERSION]

/**
 * What this code can do beyond plain yamux with one carrier; a side uses a capability only if both announced it.
 * `carriers`: several carriers for one session (`Attach`, `Carriers`). `resume`: lost ones are replaced (LOST, REPLAY).
 * `stripe`: a stream may use several (OFFSET). `http-options`: the server keeps what `Bind.http_options` asks for.
 */
export const CAPABILITIES: readonly string[] = ['carriers', 'resume', 'stripe', 'http-options']

/** What a capability needs besides. A stream over carriers of which one may be lost for good would have a hole. */
const NEEDED: Readonly<Record<string, readonly string[]>> = { resume: ['carriers'], stripe: ['carriers', 'resume'] }

/** Those of `ours` that the peer announced too, with what they need, in our order. */
export function commonCapabilities(ours: readonly string[], theirs: readonly string[]): string[] {
  const common = ours.filter((capability) => theirs.includes(capability))
  return common.filter((capability) => (NEEDED[capability] ?? []).every((needed) => common.includes(needed)))
}
