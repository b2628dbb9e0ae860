import { parsePortRange, type HttpRules } from '../../config/index.js'
import { RefusedError } from '../../core/errors.js'
import { NamePattern } from './name-pattern.js'
import { DEMANDABLE_RULES, parseRights, type DemandableRule, type RightsSpec } from './schema.js'

/** The address that a tunnel is to have, or has, and what it is. */
export interface TunnelFacts {
  readonly kind: 'tcp' | 'tls' | 'http'
  /** `tcp`. */
  readonly port: number | null
  /** `tls`, `http`: normalised, a host or `*.` and a host. */
  readonly host: string | null
  /** `http`. */
  readonly rules: HttpRules | null
}

/** What a token may do, ready to be asked. Pure. */
export class Rights {
  readonly spec: RightsSpec
  readonly #domain: string
  readonly #names: readonly NamePattern[] | null
  readonly #ports: readonly { readonly from: number; readonly to: number }[] | null
  /** Of each list one rule is enough. */
  readonly #rules: readonly (readonly DemandableRule[])[]

  /** `raw`: as stored; null: all rights. `domain`: the server's, normalised. Throws as `parseRights`. */
  constructor(raw: unknown, domain: string) {
    const spec = raw === null ? {} : parseRights(raw)
    this.spec = spec
    this.#domain = domain
    this.#names = spec.names?.flatMap((text) => NamePattern.parse(text) ?? []) ?? null
    this.#ports = spec.ports?.flatMap((text) => parsePortRange(text) ?? []) ?? null
    this.#rules = (spec.require_rules ?? []).map((rules) => rules.split('|') as DemandableRule[])
  }

  allowsPort(port: number): boolean {
    return this.#ports === null || this.#ports.some(({ from, to }) => port >= from && port <= to)
  }

  /** Why the token may not have such a tunnel; null: it may. The first that is wrong. */
  problemOf(tunnel: TunnelFacts): RefusedError | null {
    return this.#kindProblem(tunnel) ?? this.#addressProblem(tunnel) ?? this.#ruleProblem(tunnel)
  }

  #kindProblem({ kind }: TunnelFacts): RefusedError | null {
    const { kinds } = this.spec
    if (kinds === undefined || kinds.includes(kind)) return null
    const message = `This token may not have tunnels of kind ${kind}, only ${kinds.join(', ')}; use another token.`
    return new RefusedError('UR_RIGHTS_KIND', message)
  }

  #addressProblem({ port, host }: TunnelFacts): RefusedError | null {
    if (port !== null && !this.allowsPort(port)) {
      const { ports = [] } = this.spec
      const message = `This token may not have port ${port}, only ${ports.join(', ')}; choose one of these.`
      return new RefusedError('UR_RIGHTS_PORT', message)
    }
    if (host === null || this.#names === null) return null
    if (this.#names.some((pattern) => pattern.covers(host, this.#domain))) return null
    const names = this.#names.map(({ text }) => (text.includes('.') ? text : `${text}.${this.#domain}`))
    const message = `This token may not have the name ${host}, only ${names.join(', ')}; choose one of these with --subdomain or --domain.`
    return new RefusedError('UR_RIGHTS_NAME', message)
  }

  #ruleProblem({ rules }: TunnelFacts): RefusedError | null {
    if (rules === null) return null
    const missing = this.#rules.find((some) => !some.some((rule) => keeps(rules, rule)))
    if (missing === undefined) return null
    const flags = missing.map((rule) => `--${rule.replaceAll('_', '-')}`).join(' or ')
    return new RefusedError('UR_RIGHTS_RULE', `A tunnel of this token has to have the rule ${flags}; add it.`)
  }
}

/** A list that lets every address in is no rule. */
function keeps(rules: HttpRules, name: DemandableRule): boolean {
  const value = rules[DEMANDABLE_RULES[name]]
  if (name === 'cidr_allow' && rules.cidrAllow.some(({ prefix }) => prefix === 0)) return false
  return Array.isArray(value) ? value.length > 0 : value !== null
}
