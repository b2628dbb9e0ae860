import { CertificateError } from '../../core/errors.js'
import { bodyText, JsonClient } from './json-client.js'
import type { DnsProvider } from './provider.js'

/** An account of acme-dns, as its `/register` gave it. */
export interface AcmeDnsOptions {
  /** Such as https://auth.example.org. */
  readonly url: string
  readonly subdomain: string
  readonly username: string
  readonly password: string
  /** Where `_acme-challenge` of the names has to lead. */
  readonly fulldomain: string
  /** For one answer, ms. */
  readonly timeoutMs: number
  /** Requests before giving up. */
  readonly tries: number
}

/** acme-dns keeps the two newest values: those of a name and its wildcard. */
const KEPT = 2

/** What it says when it does not take a value (acme-dns, `api.go`, `auth.go`). */
const REASONS: Readonly<Record<string, string>> = {
  forbidden: 'user name or password are wrong, or the account may not be used from this address (allowfrom)',
  bad_subdomain: 'the account has another subdomain',
  bad_txt: 'it takes only values of 43 characters',
}

/**
 * Proofs by acme-dns (github.com/joohoi/acme-dns): one TXT record that the names lead to by CNAME. Old values are pushed
 * out by new ones; none is removed.
 */
export class AcmeDnsProvider implements DnsProvider {
  readonly name = 'acme-dns'
  readonly concurrentValues = KEPT
  readonly delegation: string
  readonly records = null
  readonly #client: JsonClient
  readonly #subdomain: string

  /** Throws CertificateError UR_DNS_OPTION. */
  constructor({ url, subdomain, username, password, fulldomain, timeoutMs, tries }: AcmeDnsOptions) {
    const headers = { 'x-api-user': username, 'x-api-key': password }
    this.#client = new JsonClient({ who: 'acme-dns', baseUrl: url.replace(/\/+$/, ''), headers, timeoutMs, tries })
    if (!fulldomain.toLowerCase().startsWith(`${subdomain.toLowerCase()}.`)) {
      throw new CertificateError('UR_DNS_OPTION', `the fulldomain of acme-dns has to begin with ${subdomain}.`)
    }
    this.#subdomain = subdomain
    this.delegation = fulldomain.toLowerCase().replace(/\.$/, '')
  }

  async addTxt(_name: string, value: string, signal: AbortSignal): Promise<void> {
    const { status, body } = await this.#client.request(
      'POST',
      '/update',
      { subdomain: this.#subdomain, txt: value },
      signal,
    )
    const said = (body ?? {}) as { txt?: unknown; error?: unknown }
    if (status === 200 && said.txt === value) return
    const code =
      status === 401 || status === 403 ? 'UR_DNS_REFUSED' : status === 400 ? 'UR_DNS_FAILED' : 'UR_DNS_ANSWER'
    const reason = typeof said.error === 'string' ? REASONS[said.error] : undefined
    const message = `acme-dns answered an update of ${this.#subdomain} with HTTP status ${status}`
    throw new CertificateError(code, `${message}${reason === undefined ? bodyText(body) : `: ${reason}`}`)
  }

  async removeTxt(): Promise<void> {}
}
