import { parseNetwork, type HashedCredentials, type HttpRules, type Network } from '../../../src/config/index.js'
import { PasswordQueue } from '../../../src/access/visitor-rules/index.js'

/** A clock that stands still until it is moved. */
export class TestClock {
  time = 1_000_000
  readonly now = () => this.time
}

export const NO_RULES: HttpRules = {
  basicAuth: [],
  cidrAllow: [],
  cidrDeny: [],
  maxBody: null,
  rate: null,
  ratePerVisitor: null,
  circuitBreaker: null,
  webhook: null,
  mutualTlsCa: [],
}

/** Counts how often scrypt was really asked for. */
export class CountingQueue extends PasswordQueue {
  checks = 0

  override check(password: string, credentials: HashedCredentials): Promise<boolean> | null {
    this.checks++
    return super.check(password, credentials)
  }
}

export const networks = (...texts: string[]): Network[] => texts.map((text) => parseNetwork(text)!)

/** The fields of a request that logs in. */
export const login = (user: string, password: string): string[] => [
  'Authorization',
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
]
