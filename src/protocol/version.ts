/** TLS ALPN name of a carrier. */
export const ALPN = 'uniroute/1'

/** The protocol version that this code prefers. */
export const PROTOCOL_VERSION = 1

/** Every protocol version that this code speaks. */
export const SUPPORTED_VERSIONS: readonly number[] = [PROTOCOL_VERSION]

/**
 * What this code can do beyond plain yamux with one carrier; a side uses a capability only if both announced it.
 * `carriers`: several carriers for one session (`Attach`, `Carriers`). `resume`: lost ones are replaced (LOST, REPLAY).
 * `stripe`: a stream may use several (OFFSET).
 */
export const CAPABILITIES: readonly string[] = ['carriers', 'resume', 'stripe']

/** Those of `ours` that the peer announced too, in our order. */
export function commonCapabilities(ours: readonly string[], theirs: readonly string[]): string[] {
  return ours.filter((capability) => theirs.includes(capability))
}
