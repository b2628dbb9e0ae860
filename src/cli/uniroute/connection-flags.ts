import { type Command, Option } from 'commander'
import { addInspectOptions } from './inspect-flags.js'
import { addConfigOptions, addRunningOptions, type ConfigOption, type RunningFlags } from '../options.js'

/** Flags of every command that connects to a server. */
export interface ConnectionFlags extends RunningFlags {
  config?: string
  reconnect: boolean
  insecure?: true
  inspectRedact?: readonly string[]
  inspectAllowHost?: readonly string[]
  proto?: readonly string[]
}

/** Those that set keys of the configuration. */
export const CONFIG_OPTIONS: readonly ConfigOption[] = [
  { flags: '--server <host:port>', description: 'the server (env UNIROUTE_SERVER)', path: ['server'] },
  {
    flags: '--token <token>',
    description: 'the token; better in UNIROUTE_TOKEN, which others cannot see',
    path: ['token'],
  },
  {
    flags: '--agent-cert <file>',
    description: 'log in with this certificate instead of a token, PEM or PKCS#12 (env UNIROUTE_AGENT_CERT)',
    path: ['agent_cert'],
  },
  {
    flags: '--agent-key <file>',
    description: 'its key, PEM (env UNIROUTE_AGENT_KEY; default: in the same file)',
    path: ['agent_key'],
  },
  {
    flags: '--agent-cert-password-file <file>',
    description: 'file with its password (or env UNIROUTE_AGENT_CERT_PASSWORD)',
    path: ['agent_cert_password_file'],
  },
  { flags: '--ca <file>', description: 'PEM file with one more authority to trust (env UNIROUTE_CA)', path: ['ca'] },
  {
    flags: '--connections <auto|n>',
    description: 'TLS connections to the server, 1 to 8 (default: auto)',
    path: ['connections'],
  },
  {
    flags: '--stripe <auto|off>',
    description: 'whether a bulk stream over a long path uses several connections (default: auto)',
    path: ['stripe'],
  },
  { flags: '--log-level <level>', description: '', path: ['log', 'level'] },
  { flags: '--log-format <format>', description: '', path: ['log', 'format'] },
]

/** Adds the flags of every command that connects to a server. */
export function addConnectionOptions(command: Command): Command {
  addConfigOptions(
    command,
    CONFIG_OPTIONS.filter(({ description }) => description !== ''),
  )
  command
    .option('--config <file>', 'configuration (env UNIROUTE_CONFIG; default: ~/.config/uniroute/uniroute.yml)')
    .option('--no-reconnect', 'end with exit code 4 when the server cannot be reached or is lost')
    .addOption(
      new Option('--insecure', 'do not verify the certificate of the server; anyone in between can read along'),
    )
  addInspectOptions(command)
  return addRunningOptions(command)
}
