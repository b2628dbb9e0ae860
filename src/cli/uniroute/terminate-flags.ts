import { type Command, Option } from 'commander'
import type { ConfigOption } from '../options.js'

/** What `uniroute http` and `uniroute tls` were given for TLS that ends in the agent. */
export interface TerminateFlags {
  terminate?: 'agent'
  crt?: string
  key?: string
}

/** Those that set keys of the configuration, beside those of every command. */
export const ACME_OPTIONS: readonly ConfigOption[] = [
  {
    flags: '--acme-directory <url>',
    description: "the authority's directory (default: that of Let's Encrypt)",
    path: ['acme', 'directory'],
  },
  { flags: '--acme-email <address>', description: 'where the authority may write to', path: ['acme', 'email'] },
  {
    flags: '--acme-ca <file>',
    description: "PEM file by which the directory's own server is verified",
    path: ['acme', 'ca'],
  },
  {
    flags: '--acme-eab-kid <id>',
    description: 'key id of the external account binding; its key belongs into the configuration',
    path: ['acme', 'eab', 'kid'],
  },
  {
    flags: '--acme-eab-hmac-key <key>',
    description: 'its key; better in the configuration, which others cannot see',
    path: ['acme', 'eab', 'hmac_key'],
  },
  {
    flags: '--state-dir <dir>',
    description: 'where account, keys and certificates are kept (default: ~/.local/state/uniroute)',
    path: ['state_dir'],
  },
]

const GROUP = 'TLS that ends in the agent (docs/certificates.md):'

/** Adds the flags that only `uniroute http` and `uniroute tls` have. */
export function addTerminateOptions(command: Command): Command {
  const rows = [
    new Option('--terminate <where>', 'agent: the server never has the plaintext').choices(['agent']),
    new Option('--crt <file>', 'PEM file with the certificate and its chain (default: one from the authority)'),
    new Option('--key <file>', 'PEM file with its private key'),
    ...ACME_OPTIONS.map(({ flags, description }) => new Option(flags, description)),
  ]
  for (const option of rows) command.addOption(option.helpGroup(GROUP))
  return command
}
