/** What stands where a secret was. */
export const REDACTED = '[redacted]'

/** Secrets that are known by how they look, without what stands around them. */
const TOKENS = new RegExp(
  [
    // UniRoute
    'unra?_[0-9A-Za-z]{32,}',
    // GitHub, GitLab, npm, PyPI
    'gh[pousr]_[0-9A-Za-z]{30,}',
    'github_pat_[0-9A-Za-z_]{22,}',
    'gl(?:pat|ptt|dt|rt|cbt|soat|ft|imt|agent)-[0-9A-Za-z_-]{20,}',
    'npm_[0-9A-Za-z]{36}',
    'pypi-[0-9A-Za-z_-]{50,}',
    // Slack
    'xox[abeoprs]-[0-9A-Za-z-]{10,}',
    'xapp-[0-9A-Za-z-]{10,}',
    // Stripe, Shopify, SendGrid
    '(?:sk|rk)_(?:live|test)_[0-9A-Za-z]{16,}',
    'whsec_[0-9A-Za-z+/=]{16,}',
    'shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}',
    'SG\\.[0-9A-Za-z_-]{16,}\\.[0-9A-Za-z_-]{16,}',
    // AWS, Google, DigitalOcean
    '(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}',
    'AIza[0-9A-Za-z_-]{35}',
    'ya29\\.[0-9A-Za-z_-]{20,}',
    'GOCSPX-[0-9A-Za-z_-]{20,}',
    'dop_v1_[0-9a-f]{64}',
    // OpenAI and others that begin so, Hugging Face
    '\\bsk-[0-9A-Za-z_-]{20,}',
    '\\bhf_[A-Za-z]{30,}',
    // age
    'AGE-SECRET-KEY-1[0-9A-Z]{50,}',
  ].join('|'),
  'g',
)
/** JSON in base64url, and behind a dot more parts (RFC 7519 §3, RFC 7516 §3). */
const JWT = /eyJ[0-9A-Za-z_-]{10,}(?:\.[0-9A-Za-z_-]*){0,4}/g
/** The shortest run of letters, digits, `_` and `-` in any of these. */
const SHORTEST_RUN = 13

const BEARER = /(bearer(?:\s|%20|\+){1,8})([\w\-.~+/]{16,}=*)/gi
const BASIC = /\b(basic(?:\s|%20|\+){1,8})([0-9A-Za-z+/]{4,})((?:=|%3D){0,2})/gi
const AWS_SECRET = /(aws_?secret_?access_?key["'\s\\]{0,4}[:=]["'\s\\]{0,4})([0-9A-Za-z/+=]{40})/gi
const URL_PASSWORD = /(:(?:\\?\/){2}[^\s/:@"'<>\\]{0,128}:)([^\s/@"'<>\\]{1,256})@/g
const PRIVATE_KEY = 'PRIVATE KEY-----'
const BEGIN = '-----BEGIN '
const END = '-----END '
/** From `BEGIN` to `PRIVATE KEY`. */
const LONGEST_LABEL = 64

/** Replaces the tokens, private keys and passwords in URLs that `text` has; returns `text` itself when it has none. */
export function redactShapes(text: string): string {
  let result = text
  if (hasLongRun(text)) {
    result = text.replace(TOKENS, REDACTED)
    // Without the dot it is none, but read to its end all the same: to begin anew at each `eyJ` in it would take for ever.
    result = result.replace(JWT, (match) => (match.includes('.') ? REDACTED : match))
    result = result.replace(AWS_SECRET, `$1${REDACTED}`)
    // Bytes of a key stand in lines of 64, of a bearer token in one piece.
    result = result.replace(BEARER, (match: string, scheme: string, token: string) =>
      /\d/.test(token) || token.length >= 24 ? scheme + REDACTED : match,
    )
    result = redactBasic(result)
    if (result.includes(PRIVATE_KEY)) result = redactPrivateKeys(result)
  }
  if (text.includes('@')) result = result.replace(URL_PASSWORD, `$1${REDACTED}@`)
  return result === text ? text : result
}

/** Replaces `Basic …` where that holds a name and a password (RFC 7617 §2): in text it may be a word before another. */
export function redactBasic(text: string): string {
  if (!/basic/i.test(text)) return text
  return text.replace(BASIC, (match: string, scheme: string, credentials: string) =>
    NAME_AND_PASSWORD.test(Buffer.from(credentials, 'base64').toString('latin1')) ? scheme + REDACTED : match,
  )
}

const NAME_AND_PASSWORD = /^[\x20-\x7e\x80-\xff]*:[\x20-\x7e\x80-\xff]*$/

/** A key whose end is not there goes to the end of the text. */
function redactPrivateKeys(text: string): string {
  let result = ''
  let at = 0
  for (;;) {
    const label = text.indexOf(PRIVATE_KEY, at)
    if (label < 0) return result + text.slice(at)
    // Not further back: to look through all that came before at each of them would take for ever.
    const near = Math.max(at, label - LONGEST_LABEL)
    const begin = text.slice(near, label).lastIndexOf(BEGIN)
    const from = begin < 0 ? at : near + begin
    result += text.slice(at, from) + REDACTED
    const end = text.indexOf(END, label)
    const line = end < 0 ? -1 : text.indexOf('-----', end + END.length)
    if (line < 0) return result
    at = line + 5
  }
}

/** Looks at every thirteenth character, and at more only where that is one of a run: nearly all text has none. */
function hasLongRun(text: string): boolean {
  let from = 0
  while (from + SHORTEST_RUN <= text.length) {
    let at = from + SHORTEST_RUN - 1
    while (at >= from && isRunCharacter(text.charCodeAt(at))) at--
    if (at < from) return true
    from = at + 1
  }
  return false
}

const RUN_CHARACTERS = new Uint8Array(256)
for (const character of '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-') {
  RUN_CHARACTERS[character.charCodeAt(0)] = 1
}

function isRunCharacter(code: number): boolean {
  return RUN_CHARACTERS[code & 0xff] === 1 && code < 256
}
