import { DnsFailure, type DnsLookup } from '../../dns/index.js'
import { type DoctorFinding, well, wrong } from './finding.js'

/** Whether the name of a domain's proofs leads where they are written; `delegation` null: nowhere else is needed. */
export async function delegationFinding(
  lookup: DnsLookup,
  domain: string,
  delegation: string | null,
  signal: AbortSignal,
): Promise<DoctorFinding> {
  const name = `_acme-challenge.${domain}`
  const what = `proofs at ${name}`
  const advice =
    delegation === null ? `remove or correct the CNAME of ${name}` : `set in DNS: ${name} CNAME ${delegation}.`
  try {
    const target = await lookup.target(name, signal)
    if (delegation === null) {
      const isAlias = target !== name && !(await lookup.isFromWildcard(name, target, signal))
      return well(isAlias ? `${what}, which leads to ${target}` : what)
    }
    if (target === delegation) return well(what)
    return wrong(what, target === name ? 'it has no CNAME record' : `it leads to ${target}`, advice)
  } catch (error) {
    if (!(error instanceof DnsFailure)) throw error
    return wrong(what, error.message, advice)
  }
}
