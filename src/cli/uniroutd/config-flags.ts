import type { ConfigOption } from '../options.js'

/** Flags that tell where the configuration is, or override a key of it. */
export interface ConfigFlags {
  config?: string
  dataDir?: string
  domain?: string
}

/** Flags of `run`, `dev` and `check` that win over the file. */
export const SERVER_OPTIONS: readonly ConfigOption[] = [
  { flags: '--data-dir <folder>', description: 'database, keys and certificates', path: ['data_dir'] },
  { flags: '--domain <name>', description: 'name under which the server is reached', path: ['domain'] },
  {
    flags: '--listen-tls <address>',
    description: 'port or HOST:PORT for agents and TLS visitors',
    path: ['listen', 'tls'],
  },
  {
    flags: '--listen-http <address>',
    description: 'port or HOST:PORT for plain HTTP, or off',
    path: ['listen', 'http'],
  },
  {
    flags: '--listen-admin <address>',
    description: 'port or HOST:PORT for the admin API, or off',
    path: ['listen', 'admin'],
  },
  {
    flags: '--listen-metrics <address>',
    description: 'port or HOST:PORT for metrics and health, or off',
    path: ['listen', 'metrics'],
  },
  {
    flags: '--tcp-ports <range>',
    description: 'public ports for tcp tunnels: 20000-29999',
    path: ['listen', 'tcp_ports'],
  },
]
