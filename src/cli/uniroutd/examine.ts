import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import type { ServerConfig } from '../../config/index.js'
import { UniRouteError } from '../../core/errors.js'
import { printable } from '../../core/printable.js'
import {
  type AuthorityQuestions,
  type DoctorFinding,
  type DoctorQuestions,
  examine,
} from '../../daemon/doctor/index.js'
import type { CommandContext } from '../program.js'
import { jsonLines } from '../table.js'
import type { ConfigFlags } from './config-flags.js'
import { serverConfig } from './server-config.js'

/** What `uniroutd doctor` does. Throws UniRouteError UR_DOCTOR_PROBLEMS, and ConfigError. */
export async function examineServer(
  flags: ConfigFlags & { json?: boolean },
  { output }: CommandContext,
): Promise<void> {
  const { config } = serverConfig(flags)
  const findings = await examine(await questionsOf(config), new AbortController().signal)
  output.text(flags.json ? jsonLines(findings.map((each) => ({ ...each }))) : findings.map(lines).join(''))
  const bad = findings.filter(({ problem }) => problem !== null).length
  if (bad === 0) return
  throw new UniRouteError('UR_DOCTOR_PROBLEMS', `${bad} of ${findings.length} things are not as they should be`)
}

function lines({ what, problem, advice }: DoctorFinding): string {
  if (problem === null) return `ok       ${printable(what)}\n`
  return `problem  ${printable(what)}: ${printable(problem)}\n${advice === null ? '' : `         ${printable(advice)}\n`}`
}

async function questionsOf(config: ServerConfig): Promise<DoctorQuestions> {
  const { domain, dns, listen, certs, node } = config
  const kept = certs.mode === 'acme' ? certs.acme.dns.addresses : []
  const advertised = [node.advertise?.host ?? '', ...kept].filter((host) => isIP(host) !== 0)
  const ports = [listen.tls, ...(listen.http === null ? [] : [listen.http])]
  return {
    domain,
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
