/** What ngrok, frp and cloudflared call otherwise: their words, and how it is written here, as a flag and as a key. */
interface Translation {
  readonly words: string
  /** After "here: ". */
  readonly flag: string
  /** Likewise; undefined: files of theirs have no such key. */
  readonly key?: string
}

const AGENT: readonly Translation[] = [
  {
    words: 'url',
    flag: 'the public name is --domain NAME or --subdomain LABEL, the public port of a tcp tunnel --remote-port PORT; the local service is the argument: uniroute http 3000',
    key: 'the public name is "domain" or "subdomain", the public port "remote_port", the local service "upstream"',
  },
  {
    words: 'hostname custom-domain custom-domains cd',
    flag: 'the whole public name is --domain NAME, one below the domain of the server --subdomain LABEL',
    key: 'the whole public name is "domain", one below the domain of the server "subdomain"',
  },
  { words: 'sd', flag: '--subdomain LABEL' },
  {
    words:
      'authtoken auth-token auth.token api-key credentials-file cred-file credentials-contents origincert tunnel-token',
    flag: '--token TOKEN, or better the variable UNIROUTE_TOKEN, or `uniroute login` once',
    key: '"token", at the top of the file',
  },
  {
    words: 'region edge server-addr server-address server-port server-url proxy-server',
    flag: '--server HOST:PORT; there are no regions, but your server',
    key: '"server" (HOST:PORT), at the top of the file; there are no regions, but your server',
  },
  {
    words: 'remote-addr',
    flag: '--remote-port PORT; the host is that of the server',
    key: '"remote_port"; the host is that of the server',
  },
  {
    words: 'addr local-port local-ip local-addr service localhost local-host',
    flag: 'the local service is the argument: uniroute http 3000, uniroute tcp HOST:PORT',
    key: '"upstream": 3000, HOST:PORT or https://HOST:PORT',
  },
  {
    words: 'proto protocol type proxy-type',
    flag: 'the kind of a tunnel is the command: uniroute http, uniroute tcp or uniroute tls',
    key: '"kind": http, tcp or tls',
  },
  {
    words: 'proxies ingress endpoints',
    flag: 'tunnels are listed in the configuration, `uniroute start`',
    key: '"tunnels"',
  },
  { words: 'proxy-name', flag: '--name NAME' },
  {
    words: 'auth http-user http-password http-pwd http-pw basicauth',
    flag: '--basic-auth USER:PASSWORD, of uniroute http',
    key: '"basic_auth", a list of USER:PASSWORD',
  },
  {
    words: 'oauth oauth-provider oauth-allow-email oauth-allow-domain oidc oidc-issuer-url saml',
    flag: 'visitors can be asked for --basic-auth or --mutual-tls-ca; logins by others (OAuth, OIDC) are not in this version',
    key: 'visitors can be asked for "basic_auth" or "mutual_tls_ca"; logins by others (OAuth, OIDC) are not in this version',
  },
  { words: 'locations', flag: '--path PREFIX', key: '"path"' },
  { words: 'bind-tls schemes', flag: '--scheme https, http or both', key: '"scheme": https, http or both' },
  {
    words: 'host-header-rewrite http-host-header',
    flag: '--host-header rewrite, or --host-header HOST',
    key: '"host_header": rewrite, or a host',
  },
  { words: 'mutual-tls-cas trusted-ca-file', flag: '--mutual-tls-ca FILE', key: '"mutual_tls_ca"' },
  {
    words: 'proxy-proto proxy-protocol-version',
    flag: '--proxy-protocol 1 or 2, of uniroute tcp and tls',
    key: '"proxy_protocol": 1 or 2',
  },
  {
    words: 'no-tls-verify origin-ca-pool ca-pool upstream-tls-verify upstream-tls-verify-cas',
    flag: '--upstream-ca FILE, with the authority of an https:// or tls:// upstream',
    key: '"upstream_ca", with the authority of an https:// or tls:// upstream',
  },
  {
    words: 'ip-restriction ip-restriction-allow-cidrs allow-cidr cidr',
    flag: '--cidr-allow NETWORK and --cidr-deny NETWORK',
    key: '"cidr_allow" and "cidr_deny"',
  },
  { words: 'ip-restriction-deny-cidrs deny-cidr', flag: '--cidr-deny NETWORK', key: '"cidr_deny"' },
  {
    words: 'traffic-policy traffic-policy-file traffic-policy-url policy-file on-http-request on-http-response',
    flag: 'each rule is a flag of its own, such as --rate or --cidr-allow: docs/http-rules.md',
    key: 'each rule is a key of its own, such as "rate" or "cidr_allow": docs/http-rules.md',
  },
  { words: 'pooling-enabled group lb-group load-balancer-group', flag: '--pool', key: '"pool"' },
  {
    words: 'web-addr console-ui inspect-db-size web-server admin-port',
    flag: '--inspect-addr HOST:PORT, and --inspect-memory SIZE',
    key: '"inspect", with "addr" and "memory"',
  },
  { words: 'loglevel', flag: '--log-level LEVEL', key: '"log", with "level"' },
  {
    words: 'log logfile log-file log-directory',
    flag: 'the log goes to standard error; --log-level LEVEL and --log-format FORMAT shape it',
    key: '"log", with "level" and "format"; it goes to standard error',
  },
  { words: 'ha-connections pool-count', flag: '--connections auto or 1 to 8', key: '"connections": auto or 1 to 8' },
  {
    words: 'root-cas root-ca tls-trusted-ca-file tls-ca',
    flag: '--ca FILE, with the authority of the server',
    key: '"ca", with the authority of the server',
  },
  {
    words: 'insecure-skip-verify skip-verify',
    flag: '--insecure, or better --ca FILE',
    key: '"ca", with the authority of the server',
  },
  {
    words: 'ue uc use-encryption use-compression compression tls-enable',
    flag: 'leave it out: everything between agent and server is encrypted, and nothing is compressed anew',
    key: 'leave it out: everything between agent and server is encrypted, and nothing is compressed anew',
  },
]

const SERVER: readonly Translation[] = [
  {
    words: 'bind-port bind-addr tunnel-addr https-addr vhost-https-port',
    flag: '--listen-tls HOST:PORT; agents and visitors share one port',
    key: '"listen.tls" (HOST:PORT); agents and visitors share one port',
  },
  { words: 'vhost-http-port http-addr', flag: '--listen-http HOST:PORT', key: '"listen.http" (HOST:PORT)' },
  { words: 'subdomain-host sub-domain-host base-domain hostname', flag: '--domain NAME', key: '"domain"' },
  {
    words: 'allow-ports port-range min-port max-port',
    flag: '--tcp-ports RANGE',
    key: '"listen.tcp_ports"',
  },
  {
    words: 'token auth auth-token authtoken auth.token authfile auth-file secret',
    flag: 'each agent has a token of its own: uniroutd token create NAME',
    key: 'tokens are not in the file; each agent has its own: uniroutd token create NAME',
  },
  {
    words: 'dashboard dashboard-port dashboard-addr web-server admin-addr',
    flag: '--listen-admin HOST:PORT',
    key: '"listen.admin" (HOST:PORT)',
  },
  { words: 'enable-prometheus prometheus', flag: '--listen-metrics HOST:PORT', key: '"listen.metrics" (HOST:PORT)' },
  {
    words: 'tls-crt tls-key tls-cert-file tls-key-file cert-file key-file',
    flag: 'certificates are named in the configuration: certs.files',
    key: '"certs.files", with "cert" and "key"',
  },
]

/** The vocabulary of others, by the program that was called or configured. */
export class ForeignWords {
  readonly #byWord: ReadonlyMap<string, Translation>

  constructor(rows: readonly Translation[]) {
    this.#byWord = new Map(rows.flatMap((row) => row.words.split(' ').map((word) => [bare(word), row])))
  }

  /** How what other programs call by this flag is written here; null: it is no word of theirs. */
  flag(word: string): string | null {
    return this.#byWord.get(bare(word))?.flag ?? null
  }

  /** Likewise for a key of the configuration. */
  key(word: string): string | null {
    return this.#byWord.get(bare(word))?.key ?? null
  }
}

/** serverAddr, server_addr and server-addr are one word. */
function bare(word: string): string {
  return word.toLowerCase().replace(/[-_.]/g, '')
}

export const AGENT_WORDS = new ForeignWords(AGENT)
export const SERVER_WORDS = new ForeignWords(SERVER)
