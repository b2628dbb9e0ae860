import type { Command } from 'commander'
import { example } from '../options.js'
import type { CommandContext } from '../program.js'

/** `uniroute config check` */
export function addConfigCommands(root: Command, { output }: CommandContext): void {
  const config = root.command('config').description('look at the configuration')
  config.addHelpText('after', example('uniroute config check'))
  config
    .command('check')
    .description('check the configuration file, without connecting')
    .option('--config <file>', 'the file (env UNIROUTE_CONFIG; default: ~/.config/uniroute/uniroute.yml)')
    .option('--json', 'print JSON')
    .addHelpText('after', example('uniroute config check --config ./uniroute.yml', 'uniroute config check --json'))
    .action(async (flags: { config?: string; json?: boolean }) => {
      const [
        { OwnCertificateFile },
        { ownCertificate },
        { readAuthorities },
        { defaultAgentFile, loadAgentConfig, readClientAuthorities },
      ] = await Promise.all([
        import('../../agent/own-certificate.js'),
        import('./agent-config.js'),
        import('../../agent/trust.js'),
        import('../../config/index.js'),
      ])
      const loaded = loadAgentConfig({
        ...(flags.config === undefined ? {} : { file: flags.config }),
        env: process.env,
      })
      const { ca, tunnels: specs } = loaded.config
      const authorities = new Set([ca, ...Object.values(specs).map(({ upstream_ca: file }) => file)])
      const certificate = ownCertificate(loaded.config, process.env)
      if (certificate !== null) await new OwnCertificateFile(certificate).read()
      for (const { mutual_tls_ca: files } of Object.values(specs)) readClientAuthorities(files)
      for (const file of authorities) if (file !== null) await readAuthorities(file)
      for (const warning of loaded.warnings) process.stderr.write(`uniroute: warning: ${warning}\n`)
      const names = Object.keys(loaded.config.tunnels)
      if (flags.json === true) {
        const { file, warnings } = loaded
        output.text(`${JSON.stringify({ file, valid: true, tunnels: names, warnings })}\n`)
        return
      }
      const tunnels =
        names.length === 0
          ? 'no tunnels'
          : `${names.length} ${names.length === 1 ? 'tunnel' : 'tunnels'} (${names.join(', ')})`
      output.text(
        loaded.file === null
          ? `There is no ${defaultAgentFile(process.env)}; the environment is valid.\n`
          : `${loaded.file} is valid: ${tunnels}.\n`,
      )
    })
}
