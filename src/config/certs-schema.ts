import { field, list, optional, required, section } from './field.js'
import {
  choice,
  duration,
  hostName,
  hostNames,
  httpUrl,
  variableNames,
  oneOrMore,
  path,
  resolvers,
  secret,
  text,
} from './values.js'

const eab = section('External account binding, for authorities that ask for it.', {
  kid: optional(text('a key id', /^\S+$/), { doc: 'The key id.' }),
  hmac_key: optional(secret('a base64url text', /^[A-Za-z0-9_=+/-]+$/), {
    doc: 'The key, in base64url.',
    secret: true,
  }),
})

const authority = {
  ca: optional(path, {
    doc: 'PEM file with the authorities by which the server of the directory is verified, for one of your own. None: those that Node.js knows.',
    path: true,
  }),
  preferred_chain: optional(text('the name of an issuer', /\S/), {
    doc: 'Of several chains, that whose last issuer has this common name.',
  }),
  eab,
}

const rfc2136 = section('Name servers that take dynamic updates (RFC 2136), such as BIND, Knot and PowerDNS.', {
  servers: field(resolvers, { doc: 'Their addresses, the primary first.', default: [] }),
  zone: optional(hostName, { doc: 'The zone that holds the names. None: it is looked for at the server.' }),
  key_name: optional(text('the name of a key', /^\S+$/), { doc: 'Name of the TSIG key (RFC 8945).' }),
  key: optional(secret('a base64 text', /^[A-Za-z0-9+/]+={0,2}$/), { doc: 'The TSIG key, in base64.', secret: true }),
  algorithm: field(choice('hmac-sha256', 'hmac-sha384', 'hmac-sha512', 'hmac-sha1'), {
    doc: 'Of the TSIG key.',
    default: 'hmac-sha256',
  }),
})

const acmeDns = section(
  'A server of [acme-dns](https://github.com/joohoi/acme-dns), with an account that is registered there.',
  {
    url: optional(httpUrl, { doc: 'Its address.' }),
    subdomain: optional(text('a name', /^\S+$/), { doc: 'As the registration told it.' }),
    username: optional(text('a name', /^\S+$/), { doc: 'As the registration told it.' }),
    password: optional(secret('a password', /^\S+$/), { doc: 'As the registration told it.', secret: true }),
    fulldomain: optional(hostName, { doc: 'Where `_acme-challenge` of the names leads by a CNAME.' }),
  },
)

const exec = section('A program of your own: `HOOK present|cleanup NAME VALUE`.', {
  hook: optional(path, { doc: 'Its path.', path: true }),
  timeout: field(duration('1s', '10m'), { doc: 'How long one run may take.', default: '2m' }),
  environment: field(variableNames, {
    doc: 'Variables of the server that it gets, such as credentials; it has no others but PATH, HOME and the like.',
    default: [],
  }),
})

const dns = section(
  'Who sets records for us: with it the server has a certificate for all names below `domain`, and needs no other.',
  {
    provider: field(choice('none', 'cloudflare', 'rfc2136', 'acme-dns', 'exec'), {
      doc: 'Who it is; its keys stand in the group of that name.',
      default: 'none',
    }),
    domains: field(hostNames, {
      doc: 'Domains whose records it can set, with all names below. None: `domain`.',
      default: [],
    }),
    propagation_timeout: field(duration('0s', '1h'), {
      doc: 'How long a record may take to be at every name server of its zone; `0s`: it is not waited for.',
      default: '2m',
    }),
    addresses: field(oneOrMore('a list of IP addresses, or one host name', hostName), {
      doc: 'Kept as the addresses of `domain` and all names below it: IP addresses, or one host name for a CNAME. None: those records are yours. Not with acme-dns and exec.',
      default: [],
    }),
    ttl: field(duration('1s', '7d'), { doc: 'Of the records that are set.', default: '1m' }),
    cloudflare: section('Cloudflare.', {
      token: optional(secret('a token', /^\S+$/), {
        doc: 'An API token with the rights Zone / Zone / Read and Zone / DNS / Edit.',
        secret: true,
      }),
      url: field(httpUrl, { doc: 'Of its API.', default: 'https://api.cloudflare.com/client/v4' }),
    }),
    rfc2136,
    acme_dns: acmeDns,
    exec,
  },
)

/** An authority, and those that are tried after it. */
export const authorities = {
  directory: field(httpUrl, {
    doc: 'The directory of the authority.',
    default: 'https://acme-v02.api.letsencrypt.org/directory',
  }),
  ...authority,
  email: optional(text('an e-mail address', /^[^\s@,]+@[^\s@,]+\.[^\s@,]+$/), {
    doc: 'Where the authority may write to.',
  }),
  fallbacks: list(
    section('', { directory: required(httpUrl, { doc: 'The directory of another authority.' }), ...authority }),
    { doc: 'Authorities that are tried, in this order, when the first one does not issue.' },
  ),
} as const

const acme = section('Certificates from an ACME authority. Using it means that you agree to its terms of service.', {
  ...authorities,
  challenge: field(choice('auto', 'tls-alpn-01', 'http-01', 'dns-01'), {
    doc: 'How the ownership of a name is shown. `auto`: by DNS where `dns` has a provider for it; otherwise by TLS on port 443, or plain HTTP on port 80.',
    default: 'auto',
  }),
  dns,
})

/** Where the certificates of a server come from. */
export const certs = section('The certificates of the server.', {
  mode: field(choice('files', 'dev', 'acme'), {
    doc: '`files`: your own certificates; `acme`: from an authority, by themselves ([certificates.md](certificates.md)); `dev`: from a certificate authority of its own in `data_dir`.',
    default: 'files',
  }),
  files: list(
    section('', {
      cert: required(path, { doc: 'PEM file with the certificate and its chain.', path: true, reload: true }),
      key: required(path, { doc: 'PEM file with the private key.', path: true, reload: true }),
    }),
    {
      doc: 'Certificate files for mode `files`; read again when they change. The first one serves names that none matches.',
      reload: true,
    },
  ),
  key_file: optional(path, {
    doc: 'File with the key by which private keys are encrypted in the database: 32 bytes in base64url. None: systemd’s credential `uniroute-vault-key`, or `vault.key` in `data_dir`, which is made. The variable `UNIROUTE_VAULT_KEY` wins. Several nodes need the same.',
    path: true,
  }),
  acme,
})
