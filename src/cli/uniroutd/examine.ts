import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { DEFAULT_SERVER_FILE, type ServerConfig, serverConfigWithoutFile } from '../../config/index.js'
import { ConfigError, UniRouteError } from '../../core/errors.js'
import { printable } from '../../core/printable.js'
import {
  type AuthorityQuestions,
  type DoctorFinding,
  type DoctorQuestions,
  examine,
} from '../../daemon/doctor/index.js'
import { normalisePattern } from '../../routing/index.js'
import { overridesOf } from '../options.js'
import type { CommandContext } from '../program.js'
import { jsonLines } from '../table.js'
import { type ConfigFlags, SERVER_OPTIONS } from './config-flags.js'
import { serverConfig } from './server-config.js'

/** What only a configuration tells. */
const LEFT_OUT = 'certificates and their key files, the certificate authority, CAA records and challenges'

/** What is looked at, and why not everything is. */
interface Subject {
  readonly config: ServerConfig
  /** Besides the domain of the server. */
  readonly names: readonly string[]
  /** null: nothing is left out. */
  readonly missing: string | null
}

/** What `uniroutd doctor NAMES…` does. Throws UniRouteError UR_DOCTOR_PROBLEMS, and ConfigError. */
export async function examineServer(
  given: readonly string[],
  flags: ConfigFlags & { json?: boolean },
  { output }: CommandContext,
): Promise<void> {
  const { config, names, missing } = subjectOf(given, flags)
  const findings = await examine(await questionsOf(config, names), new AbortController().signal)
  output.text(flags.json ? jsonLines(findings.map((each) => ({ ...each }))) : findings.map(lines).join(''))
  if (missing !== null)
    output.text(
      flags.json ? jsonLines([{ left_out: LEFT_OUT, reason: missing }]) : `left out ${LEFT_OUT}: ${missing}\n`,
    )
  const bad = findings.filter(({ problem }) => problem !== null).length
  if (bad === 0) return
  throw new UniRouteError('UR_DOCTOR_PROBLEMS', `${bad} of ${findings.length} things are not as they should be`)
}

/** Without a configuration file, which need not be there: what flags and names say. */
function subjectOf(given: readonly string[], flags: ConfigFlags): Subject {
  const names = given.map(checkedName)
  try {
    const otherwise = 'or name what is to be looked at: uniroutd doctor tunnels.example.com'
    return { config: serverConfig(flags, otherwise).config, names, missing: null }
  } catch (error) {
    const isMissing = error instanceof ConfigError && error.code === 'UR_CONFIG_MISSING' && flags.config === undefined
    const [first, ...others] = names
    const domain = flags.domain ?? first
    if (!isMissing || domain === undefined) throw error
    const overrides = overridesOf(SERVER_OPTIONS, { ...flags, domain })
    const missing = `there is no ${DEFAULT_SERVER_FILE}; name the configuration with --config`
    const config = serverConfigWithoutFile({ env: process.env, overrides })
    return { config, names: flags.domain === undefined ? others : names, missing }
  }
}

function checkedName(name: string): string {
  const pattern = normalisePattern(name)
  if (pattern !== null) return pattern
  throw new ConfigError('UR_USAGE', `"${printable(name)}" is no host name; write one such as shop.example.org`)
}

function lines({ what, problem, advice }: DoctorFinding): string {
  if (problem === null) return `ok       ${printable(what)}\n`
  return `problem  ${printable(what)}: ${printable(problem)}\n${advice === null ? '' : `         ${printable(advice)}\n`}`
}

async function questionsOf(config: ServerConfig, names: readonly string[]): Promise<DoctorQuestions> {
  const { domain, dns, listen, certs, node } = config
  const kept = certs.mode === 'acme' ? certs.acme.dns.addresses : []
  const advertised = [node.advertise?.host ?? '', ...kept].filter((host) => isIP(host) !== 0)
  const ports = [listen.tls, ...(listen.http === null ? [] : [listen.http])]
  return {
    domain,
    names,
    resolvers: dns.resolvers,
    timeoutMs: dns.timeout,
    advertised,
    ports: ports.map(({ host, port }) => ({ host: host === undefined || isAny(host) ? '127.0.0.1' : host, port })),
    keyFiles: certs.mode === 'files' ? certs.files.map(({ key }) => key) : [],
    authority: certs.mode === 'acme' ? await authorityOf(config) : null,
  }
}

async function authorityOf({ domain, certs: { acme } }: ServerConfig): Promise<AuthorityQuestions> {
  const { provider, domains, acme_dns: acmeDns } = acme.dns
  const isOurs = domains.length === 0 || domains.some((each) => domain === each || domain.endsWith(`.${each}`))
  const byDns = provider !== 'none' && isOurs && (acme.challenge === 'auto' || acme.challenge === 'dns-01')
  return {
    directory: acme.directory,
    // One that cannot be read is what the check of the configuration tells; here the server is then not trusted.
    ca: acme.ca === null ? undefined : await readFile(acme.ca, 'utf8').catch(() => ''),
    email: acme.email,
    hasExternalAccount: acme.eab.kid !== null,
    methods: byDns ? ['dns-01'] : acme.challenge === 'auto' ? ['tls-alpn-01', 'http-01'] : [acme.challenge],
    names: byDns ? [domain, `*.${domain}`] : [domain],
    delegation: byDns && provider === 'acme-dns' ? acmeDns.fulldomain : null,
  }
}

function isAny(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}
