import type { Command } from 'commander'
import { ConfigError } from '../../core/errors.js'
import { printable } from '../../core/printable.js'
import type { Finding } from '../../daemon/check.js'
import { addConfigOptions, example } from '../options.js'
import type { CommandContext } from '../program.js'
import { type ConfigFlags, SERVER_OPTIONS } from './config-flags.js'

/** `uniroutd check`: whether a server with this configuration could run here. */
export function addCheckCommand(root: Command, { output }: CommandContext): void {
  const command = root.command('check').description('check the configuration, certificates, ports and the data folder')
  command.option('--config <file>', 'configuration (default: /etc/uniroute/uniroutd.yml)')
  command.option('--json', 'print JSON, one object a line')
  addConfigOptions(command, SERVER_OPTIONS)
  command.addHelpText('after', example('uniroutd check --config /etc/uniroute/uniroutd.yml', 'uniroutd check --json'))
  command.action(async (flags: ConfigFlags & { json?: boolean }) => {
    const [{ checkServer }, { serverConfig }] = await Promise.all([
      import('../../daemon/check.js'),
      import('./server-config.js'),
    ])
    const { config, file } = serverConfig(flags)
    const findings = [{ what: `configuration ${file}`, problem: null }, ...(await checkServer(config))]
    const form = flags.json === true ? (finding: Finding) => JSON.stringify(finding) : line
    output.text(findings.map((finding) => `${form(finding)}\n`).join(''))
    const bad = findings.filter(({ problem }) => problem !== null).length
    if (bad > 0)
      throw new ConfigError('UR_CHECK_FAILED', `${bad} of ${findings.length} checks failed; the lines above say which`)
  })
}

function line({ what, problem }: Finding): string {
  return problem === null ? `ok       ${what}` : `problem  ${what}: ${printable(problem)}`
}
