import { readFileSync } from 'node:fs'

/** The kernel's setting, of the network namespace that we are in (Linux: Documentation/networking/ip-sysctl). */
const SETTING = '/proc/sys/net/ipv4/tcp_congestion_control'

/**
 * Whether a lost packet makes new TCP connections of ours slower than the path, as it does with CUBIC (RFC 9438) and
 * Reno. BBR measures what the path brings instead. True where it cannot be known.
 */
export function lossesSlowConnections(file = SETTING): boolean {
  try {
    return !readFileSync(file, 'utf8').startsWith('bbr')
  } catch {
    return true
  }
}
