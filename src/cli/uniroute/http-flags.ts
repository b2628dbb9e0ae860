import { type Command, Option } from 'commander'
import type { ConfigOption } from '../options.js'

interface HttpFlag extends ConfigOption {
  /** May be given several times. */
  readonly several?: 'each' | 'comma'
}

/** Each sets a key of an `http` tunnel. */
export const HTTP_FLAGS: readonly HttpFlag[] = [
  {
    flags: '--host-header <host>',
    description: 'the Host that the upstream gets: preserve, rewrite, or this one (default: preserve)',
    path: ['host_header'],
  },
  {
    flags: '--request-header-add <field>',
    description: 'a field that the upstream gets, such as "X-Team: shop" (repeatable)',
    path: ['request_header_add'],
    several: 'each',
  },
  {
    flags: '--request-header-remove <name>',
    description: 'a field that the upstream does not get (repeatable)',
    path: ['request_header_remove'],
    several: 'each',
  },
  {
    flags: '--response-header-add <field>',
    description: 'a field that visitors get (repeatable)',
    path: ['response_header_add'],
    several: 'each',
  },
  {
    flags: '--response-header-remove <name>',
    description: 'a field that visitors do not get (repeatable)',
    path: ['response_header_remove'],
    several: 'each',
  },
  {
    flags: '--basic-auth <user:password>',
    description: 'ask visitors to log in; better in the configuration, which others cannot see (repeatable)',
    path: ['basic_auth'],
    several: 'each',
  },
  {
    flags: '--cidr-allow <network>',
    description: 'let in only visitors from this network, such as 198.51.100.0/24 (repeatable)',
    path: ['cidr_allow'],
    several: 'comma',
  },
  {
    flags: '--cidr-deny <network>',
    description: 'keep visitors from this network out (repeatable)',
    path: ['cidr_deny'],
    several: 'comma',
  },
  { flags: '--max-body <size>', description: 'the largest body of a request, such as 10MiB', path: ['max_body'] },
  { flags: '--rate <rate>', description: 'how many requests the tunnel takes, such as 100/s or 600/m', path: ['rate'] },
  {
    flags: '--rate-per-visitor <rate>',
    description: 'how many requests one visitor may send, such as 10/s',
    path: ['rate_per_visitor'],
  },
  {
    flags: '--circuit-breaker <share>',
    description: 'give the upstream a rest when this share of requests fails, such as 0.5',
    path: ['circuit_breaker'],
  },
  {
    flags: '--verify-webhook <provider>',
    description: 'let only signed webhooks through: stripe, github, slack, shopify, twilio or hmac:FIELD',
    path: ['verify_webhook'],
  },
  {
    flags: '--verify-webhook-secret <secret>',
    description: 'the secret that webhooks are signed with',
    path: ['verify_webhook_secret'],
  },
  {
    flags: '--mutual-tls-ca <file>',
    description: 'let in only visitors with a certificate of an authority in this PEM file (repeatable)',
    path: ['mutual_tls_ca'],
    several: 'each',
  },
]

/** Adds the flags that only `uniroute http` has. Their values are read by `httpOptionsFromFlags` of `http-options.ts`. */
export function addHttpOptions(command: Command): Command {
  for (const { flags, description, several } of HTTP_FLAGS) {
    const option = new Option(flags, description).helpGroup('Rules and header fields (docs/http-rules.md):')
    if (several !== undefined) option.argParser((text, before) => [...listed(before), ...partsOf(text, several)])
    command.addOption(option)
  }
  return command
}

function listed(before: unknown): readonly unknown[] {
  return Array.isArray(before) ? (before as readonly unknown[]) : []
}

function partsOf(text: string, several: 'each' | 'comma'): readonly string[] {
  return several === 'comma' ? text.split(',').map((part) => part.trim()) : [text]
}
