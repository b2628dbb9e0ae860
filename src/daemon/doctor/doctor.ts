import { DnsClient, DnsLookup, type DnsServer } from '../../dns/index.js'
import { addressFinding, addressFindings } from './addresses.js'
import { caaFinding } from './caa.js'
import { delegationFinding } from './delegation.js'
import { directoryFindings } from './directory.js'
import type { DoctorFinding } from './finding.js'
import { emailFinding, keyFileFinding, portFinding } from './machine.js'

/** What is to be looked at, from the configuration. */
export interface DoctorQuestions {
  readonly domain: string
  /** Other names, or wildcards, that have to lead to this machine. */
  readonly names: readonly string[]
  /** None: those of the system. */
  readonly resolvers: readonly DnsServer[]
  /** For one answer of DNS, of a port or of an authority, ms. */
  readonly timeoutMs: number
  /** Addresses under which visitors reach this machine, where its own are not those. */
  readonly advertised: readonly string[]
  /** Where something has to listen on this machine. */
  readonly ports: readonly DnsServer[]
  readonly keyFiles: readonly string[]
  /** null: certificates come from elsewhere. */
  readonly authority: AuthorityQuestions | null
}

export interface AuthorityQuestions {
  /** URL. */
  readonly directory: string
  /** PEM of the authority of the directory's own certificate; undefined: one that everybody knows. */
  readonly ca: string | undefined
  readonly email: string | null
  readonly hasExternalAccount: boolean
  /** The kinds of proof that are used. */
  readonly methods: readonly string[]
  /** The names that certificates are wanted for. */
  readonly names: readonly string[]
  /** Where `_acme-challenge` of the domain has to lead, by the DNS provider; null: nowhere. */
  readonly delegation: string | null
}

/** Looks at everything at once. Changes nothing, and costs no rate limit of an authority. */
export async function examine(questions: DoctorQuestions, signal: AbortSignal): Promise<DoctorFinding[]> {
  const { domain, names, resolvers, timeoutMs, advertised, ports, keyFiles, authority } = questions
  const dns = new DnsClient({ resolvers, timeoutMs })
  const found = await Promise.all([
    addressFindings({ dns, domain, advertised }),
    Promise.all(names.map((name) => addressFinding({ dns, advertised }, name))),
    Promise.all(ports.map(({ host, port }) => portFinding(host, port, timeoutMs))),
    Promise.all(keyFiles.map(keyFileFinding)),
    authority === null ? [] : authorityFindings(questions, authority, dns, signal),
  ])
  return found.flat()
}

async function authorityFindings(
  { domain, resolvers, timeoutMs }: DoctorQuestions,
  { directory, ca, email, hasExternalAccount, methods, names, delegation }: AuthorityQuestions,
  dns: DnsClient,
  signal: AbortSignal,
): Promise<DoctorFinding[]> {
  const { answer, findings } = await directoryFindings(directory, ca, hasExternalAccount, timeoutMs)
  const identities = answer?.caaIdentities ?? []
  const lookup = new DnsLookup({ resolvers, timeoutMs })
  return [
    ...findings,
    ...(email === null ? [] : [emailFinding(email)]),
    ...(await Promise.all(names.map((name) => caaFinding({ dns, name, identities, methods })))),
    ...(methods.includes('dns-01') ? [await delegationFinding(lookup, domain, delegation, signal)] : []),
  ]
}
