import type { CaaRecord } from 'node:dns'
import { type DnsClient, DnsFailure, upwards } from '../../dns/index.js'
import { type DoctorFinding, well, wrong } from './finding.js'

export interface CaaQuestion {
  readonly dns: DnsClient
  /** A host name, a wildcard as `*.example.com`. */
  readonly name: string
  /** By which names CAA records may allow the authority (`meta.caaIdentities` of its directory); empty: unknown. */
  readonly identities: readonly string[]
  /** The kinds of proof that are used (RFC 8657); empty: any. */
  readonly methods: readonly string[]
}

/** Tags that authorities have to know (RFC 8659 §4, RFC 9495). */
const KNOWN_TAGS = new Set(['issue', 'issuewild', 'iodef', 'contactemail', 'contactphone', 'issuemail', 'issuevmc'])

/** Whether the CAA records of a name let the authority issue for it (RFC 8659). */
export async function caaFinding({ dns, name, identities, methods }: CaaQuestion): Promise<DoctorFinding> {
  const isWildcard = name.startsWith('*.')
  const what = `CAA records for ${name}`
  try {
    const found = await nearest(dns, name.replace(/^\*\./, ''))
    if (found === null || identities.length === 0) return well(what)
    const { owner, records } = found
    const toAdd = `${owner} CAA 0 ${isWildcard ? 'issuewild' : 'issue'} "${identities[0]}"`
    const strange = records.find((record) => record.critical >= 128 && !isKnown(record))
    if (strange !== undefined) {
      return wrong(what, `${owner} has a critical record of a kind that no authority knows`, 'remove that record')
    }
    const rules = rulesOf(records, isWildcard)
    if (rules.length === 0) return well(what)
    const mine = rules.filter(({ authority }) => identities.includes(authority))
    if (mine.length === 0) {
      const allowed = rules
        .map(({ authority }) => authority || 'nobody')
        .sort()
        .join(', ')
      return wrong(what, `${owner} allows ${allowed} and not ${identities.join(' or ')}`, `add in DNS: ${toAdd}`)
    }
    const isMethodAllowed = ({ methods: theirs }: Rule): boolean =>
      theirs === null || theirs.some((each) => methods.includes(each))
    if (methods.length === 0 || mine.some(isMethodAllowed)) return well(what)
    const theirs = mine.flatMap(({ methods }) => methods ?? []).join(', ')
    return wrong(
      what,
      `${owner} allows only proofs by ${theirs}, and ${methods.join(', ')} is used`,
      `change it in DNS to: ${toAdd}`,
    )
  } catch (error) {
    if (!(error instanceof DnsFailure)) throw error
    const advice = 'authorities refuse as well when they get no answer: mend the name servers of the domain'
    return wrong(what, error.message, advice)
  }
}

/** The records of the name, or of the nearest one above that has some (RFC 8659 §3). */
async function nearest(dns: DnsClient, name: string): Promise<{ owner: string; records: readonly CaaRecord[] } | null> {
  for (const owner of upwards(name)) {
    const records = await dns.caa(owner)
    if (records.length > 0) return { owner, records }
  }
  return null
}

interface Rule {
  /** Empty: nobody. */
  readonly authority: string
  /** null: any (RFC 8657 §4). */
  readonly methods: readonly string[] | null
}

// A wildcard goes by `issuewild` where there is one, else by `issue` (RFC 8659 §4.3).
function rulesOf(records: readonly CaaRecord[], isWildcard: boolean): Rule[] {
  const issue = records.flatMap((record) => (record.issue === undefined ? [] : [record.issue]))
  const wild = records.flatMap((record) => (record.issuewild === undefined ? [] : [record.issuewild]))
  return (isWildcard && wild.length > 0 ? wild : issue).map((value) => {
    const [authority = '', ...parameters] = value.split(';').map((part) => part.trim())
    const methods = parameters
      .map((each) => /^validationmethods\s*=\s*(.*)$/i.exec(each)?.[1])
      .find((each) => each !== undefined)
    return { authority: authority.toLowerCase(), methods: methods?.split(',').map((each) => each.trim()) ?? null }
  })
}

function isKnown(record: CaaRecord): boolean {
  return Object.keys(record).every((key) => key === 'critical' || KNOWN_TAGS.has(key))
}
