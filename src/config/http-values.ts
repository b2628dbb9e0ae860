import { HOP_BY_HOP, isFieldName, isFieldValue } from '../core/http-fields.js'
import { Secret } from '../core/secret.js'
import { parseHostPort } from './addresses.js'
import { Rejected, type Value } from './field.js'
import { type Credentials, type HeaderEdits, type Rate, type Webhook, WEBHOOK_PROVIDERS } from './http-options.js'
import { oneOrMore, secret, value } from './values.js'

/** Bounds of what rides in one message to the server: together it stays below its 64 KiB. */
export const HTTP_BOUNDS = {
  credentials: 32,
  userBytes: 128,
  minPassword: 8,
  maxPassword: 128,
  networks: 256,
  /** Fields to add, and to remove, to requests and to responses: each of the four. */
  fields: 64,
  addedBytes: 8192,
  removedBytes: 4096,
  secret: 512,
  perSecond: 1_000_000,
} as const

/** Fields that say how a message is read, or where it goes: whoever changed them would break it. */
const NOT_TO_EDIT: ReadonlySet<string> = new Set([...HOP_BY_HOP, 'content-length', 'host', 'trailer'])

/** Whether the user may add fields of that name, or remove them. */
export function isEditableField(name: string): boolean {
  return isFieldName(name) && !NOT_TO_EDIT.has(name.toLowerCase())
}

/** Fields by which the server tells the upstream who the visitor is. Of two that say different things it may take either. */
const TOLD_BY_SERVER: ReadonlySet<string> = new Set([
  'client-cert',
  'client-cert-chain',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
])

/** A field that would stand beside that of the server in a request, as it is added and not removed; undefined: none. */
export function doubledField({ add, remove }: HeaderEdits): string | undefined {
  const plain = (name: string) => name.toLowerCase().replaceAll('_', '-')
  const removed = new Set(remove.map(plain))
  return add.find((name, i) => i % 2 === 0 && TOLD_BY_SERVER.has(plain(name)) && !removed.has(plain(name)))
}

/** `Name: value` as [name, value]; undefined when it is no field that may be added. */
export function parseField(text: string): readonly [string, string] | undefined {
  const colon = text.indexOf(':')
  const name = text.slice(0, Math.max(0, colon)).trim()
  const content = text.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')
  return isEditableField(name) && isFieldValue(content) ? [name, content] : undefined
}

/** `user:password`; undefined when it is none that may be used. */
export function parseCredentials(text: string): Credentials | undefined {
  const colon = text.indexOf(':')
  const [user, password] = [text.slice(0, Math.max(0, colon)), text.slice(colon + 1)]
  const { minPassword, maxPassword, userBytes } = HTTP_BOUNDS
  // eslint-disable-next-line no-control-regex -- RFC 7617 §2 forbids them
  if (user === '' || /[\x00-\x1f\x7f]/.test(text)) return undefined
  if (password.length < minPassword || password.length > maxPassword) return undefined
  return Buffer.byteLength(user) <= userBytes ? { user, password: new Secret(password) } : undefined
}

const SECONDS_OF = { s: 1, m: 60, h: 3600 } as const

/** `100/s`, `600/m`, `5000/h`: as many at once, and over time; undefined for anything else. */
export function parseRate(text: string): Rate | undefined {
  const [, digits, unit] = /^(\d{1,7})\/([smh])$/.exec(text) ?? []
  const burst = Number(digits)
  if (!(burst >= 1 && burst <= HTTP_BOUNDS.perSecond)) return undefined
  return { burst, perSecond: burst / SECONDS_OF[unit as keyof typeof SECONDS_OF] }
}

/** The provider of webhooks as written, `hmac:FIELD` with the name of its field in lower case; undefined for others. */
export function parseWebhookProvider(text: string): Omit<Webhook, 'secret'> | undefined {
  const [name, header = ''] = text.split(/:(.*)/s, 2)
  const provider = WEBHOOK_PROVIDERS.find((each) => each === name)
  if (provider === undefined || (provider === 'hmac' ? !isFieldName(header) : text.includes(':'))) return undefined
  return { provider, header: header.toLowerCase() }
}

/** `preserve`, `rewrite`, or what to put there: a host with or without a port. */
export const hostHeader: Value<string> = value(
  'preserve, rewrite, or a host with or without a port, such as localhost:3000',
  (raw) => (parseHostPort(String(raw), 80) === undefined ? undefined : String(raw)),
)

export const credentials: Value<readonly Credentials[]> = bounded(
  `user:password, or a list of up to ${HTTP_BOUNDS.credentials}, each user once, with passwords of ` +
    `${HTTP_BOUNDS.minPassword} to ${HTTP_BOUNDS.maxPassword} characters`,
  value('', (raw) => parseCredentials(String(raw))),
  (all) => all.length <= HTTP_BOUNDS.credentials && new Set(all.map(({ user }) => user)).size === all.length,
)

const FIELD_LIMITS =
  'without CR, LF and NUL, and none of the connection or the framing, such as Connection, Host or Content-Length'

export const fieldsToAdd: Value<readonly (readonly [string, string])[]> = bounded(
  `a field such as "X-Team: shop", or a list, ${FIELD_LIMITS}`,
  value('', (raw) => parseField(String(raw))),
  (all) => all.length <= HTTP_BOUNDS.fields && isShort(all.flat(), HTTP_BOUNDS.addedBytes),
)

export const fieldsToRemove: Value<readonly string[]> = bounded(
  `the name of a field such as X-Team, or a list, ${FIELD_LIMITS}`,
  value('', (raw) => (isEditableField(String(raw)) ? String(raw) : undefined)),
  (all) => all.length <= HTTP_BOUNDS.fields && isShort(all, HTTP_BOUNDS.removedBytes),
)

export const rate: Value<Rate> = value('a rate such as 100/s, 600/m or 5000/h', (raw) => parseRate(String(raw)))

export const share: Value<number> = value('a share above 0 and up to 1, such as 0.5', (raw) => {
  const number = typeof raw === 'number' ? raw : /^(?:\d?\.\d+|1)$/.test(raw) ? Number(raw) : Number.NaN
  return number > 0 && number <= 1 ? number : undefined
})

export const webhookProvider: Value<Omit<Webhook, 'secret'>> = value(
  'stripe, github, slack, shopify, twilio, or hmac:FIELD with the name of the field that has the signature',
  (raw) => parseWebhookProvider(String(raw)),
)

export const webhookSecret: Value<Secret> = secret(
  `the secret that the provider shows, of up to ${HTTP_BOUNDS.secret} characters, without spaces`,
  /^[^\s\0]{1,512}$/,
)

function isShort(texts: readonly string[], bytes: number): boolean {
  return Buffer.byteLength(texts.join('')) <= bytes
}

/** One or several, together within a bound. */
function bounded<T>(allowed: string, item: Value<T>, isAllowed: (all: readonly T[]) => boolean): Value<readonly T[]> {
  const list = oneOrMore('', item)
  return {
    allowed,
    parse(raw) {
      const parsed = list.parse(raw)
      return parsed instanceof Rejected || isAllowed(parsed) ? parsed : new Rejected(raw)
    },
  }
}
