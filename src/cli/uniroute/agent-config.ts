import type { OwnCertificateOptions } from '../../agent/index.js'
import { type AgentConfig, defaultAgentFile, type Loaded, loadAgentConfig } from '../../config/index.js'
import { ConfigError } from '../../core/errors.js'
import { Secret } from '../../core/secret.js'
import { overridesOf } from '../options.js'
import { CONFIG_OPTIONS, type ConnectionFlags } from './connection-flags.js'
import { INSPECT_OPTIONS } from './inspect-flags.js'
import { withLogin } from './login-file.js'
import { ACME_OPTIONS } from './terminate-flags.js'

/** The agent's configuration with flags over environment over file over `uniroute login`. Throws ConfigError. */
export function agentConfig(flags: ConnectionFlags): Loaded<AgentConfig> {
  const overrides = overridesOf([...CONFIG_OPTIONS, ...ACME_OPTIONS, ...INSPECT_OPTIONS], { ...flags })
  return withLogin(
    loadAgentConfig({ ...(flags.config === undefined ? {} : { file: flags.config }), env: process.env, overrides }),
    process.env,
  )
}

/** The server to dial, or ConfigError(UR_USAGE) that says how to name one. */
export function requiredServer({ config, file }: Loaded<AgentConfig>): NonNullable<AgentConfig['server']> {
  if (config.server !== null) return config.server
  const where = file ?? `${defaultAgentFile(process.env)}, which is not there yet`
  throw new ConfigError(
    'UR_USAGE',
    `no server is named; run "uniroute login --server HOST", give --server HOST:PORT, set UNIROUTE_SERVER, or write "server:" in ${where}`,
  )
}

/** The certificate with which the agent logs in; null: none is configured. */
export function ownCertificate(
  { agent_cert: cert, agent_key: key, agent_cert_password_file: passwordFile }: AgentConfig,
  env: Readonly<Record<string, string | undefined>>,
): OwnCertificateOptions | null {
  if (cert === null) return null
  const password = env['UNIROUTE_AGENT_CERT_PASSWORD']
  return {
    certFile: cert,
    ...(key !== null && { keyFile: key }),
    ...(password !== undefined && password !== '' && { password: new Secret(password) }),
    ...(passwordFile !== null && { passwordFile }),
  }
}
