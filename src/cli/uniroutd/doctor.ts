import { isIP } from 'node:net'
import type { Command } from 'commander'
import type { ServerConfig } from '../../config/index.js'
import { UniRouteError } from '../../core/errors.js'
import { printable } from '../../core/printable.js'
import { type DoctorFinding, type DoctorQuestions, examine } from '../../daemon/doctor/index.js'
import { addConfigOptions, example } from '../options.js'
import type { CommandContext } from '../program.js'
import { jsonLines } from '../table.js'
import { type ConfigFlags, SERVER_OPTIONS, serverConfig } from './config-flags.js'

/** `uniroutd doctor`: whether DNS, ports, clock and keys are as visitors and authorities need them. */
export function addDoctorCommand(root: Command, { output }: CommandContext): void {
  const command = root.command('doctor').description('check DNS, ports, the clock and key files, and say what to set')
  command.option('--config <file>', 'configuration (default: /etc/uniroute/uniroutd.yml)')
  command.option('--json', 'print JSON, one object a line')
  addConfigOptions(command, SERVER_OPTIONS)
  command.addHelpText('after', example('uniroutd doctor', 'uniroutd doctor --json'))
  command.action(async (flags: ConfigFlags & { json?: boolean }) => {
    const { config } = serverConfig(flags)
    const findings = await examine(questionsOf(config), new AbortController().signal)
    output.text(flags.json ? jsonLines(findings.map((each) => ({ ...each }))) : findings.map(lines).join(''))
    const bad = findings.filter(({ problem }) => problem !== null).length
    if (bad === 0) return
    throw new UniRouteError('UR_DOCTOR_PROBLEMS', `${bad} of ${findings.length} things are not as they should be`)
  })
}

function lines({ what, problem, advice }: DoctorFinding): string {
  if (problem === null) return `ok       ${printable(what)}\n`
  return `problem  ${printable(what)}: ${printable(problem)}\n${advice === null ? '' : `         ${printable(advice)}\n`}`
}

function questionsOf(config: ServerConfig): DoctorQuestions {
  const { domain, dns, listen, certs, node } = config
  const { acme } = certs
  const advertised = [node.advertise?.host ?? ''].filter((host) => isIP(host) !== 0)
  const ports = [listen.tls, ...(listen.http === null ? [] : [listen.http])]
  return {
    domain,
    resolvers: dns.resolvers,
    timeoutMs: dns.timeout,
    advertised,
    ports: ports.map(({ host, port }) => ({ host: host === undefined || isAny(host) ? '127.0.0.1' : host, port })),
    keyFiles: certs.mode === 'files' ? certs.files.map(({ key }) => key) : [],
    authority:
      certs.mode !== 'acme'
        ? null
        : {
            directory: acme.directory,
            ca: undefined,
            email: acme.email ?? null,
            hasExternalAccount: acme.eab.kid !== undefined,
            methods: [acme.challenge],
            names: acme.challenge === 'dns-01' ? [domain, `*.${domain}`] : [domain],
            delegation: null,
          },
  }
}

function isAny(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}
