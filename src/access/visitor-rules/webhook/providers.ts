import type { Webhook, WebhookProvider } from '../../../config/index.js'
import { type Fields, singleField } from '../../../core/http-fields.js'
import { type Claim, fromBase64, fromHex, fromSeconds, HmacProof, type Proof, type WebhookRequest } from './proof.js'
import { twilioProof } from './twilio.js'

const SHA256_BYTES = 32
/** A time, and more signatures than any sender has secrets. */
const MAX_PARTS = 16

type Reader = (fields: Fields, header: string) => Claim | null

const CLAIMS: Readonly<Record<Exclude<WebhookProvider, 'twilio'>, Reader>> = {
  stripe,
  slack,
  github: (fields) => overBody(given(fields, 'x-hub-signature-256'), (text) => hexAfter('sha256=', text)),
  shopify: (fields) => overBody(given(fields, 'x-shopify-hmac-sha256'), (text) => fromBase64(text, SHA256_BYTES)),
  hmac: (fields, header) => overBody(given(fields, header), plainHmac),
}

/** What the request's signature claims; null: it has none that the provider would send. */
export function proofOf({ provider, secret, header }: Webhook, request: WebhookRequest): Proof | null {
  if (provider === 'twilio') return twilioProof(secret, request)
  const claim = CLAIMS[provider](request.fields, header)
  return claim === null ? null : new HmacProof(secret.reveal(), claim)
}

/** https://docs.stripe.com/webhooks: `t=SECONDS,v1=HEX,v1=HEX` over `SECONDS.BODY`; other schemes do not count. */
function stripe(fields: Fields): Claim | null {
  const parts = given(fields, 'stripe-signature')
    .split(',', MAX_PARTS)
    .map((part) => part.trim())
  const valuesOf = (key: string) => parts.flatMap((part) => (part.startsWith(key) ? part.slice(key.length) : []))
  const [seconds = '', ...others] = valuesOf('t=')
  const timestamp = fromSeconds(seconds)
  const signatures = valuesOf('v1=').flatMap((text) => fromHex(text, SHA256_BYTES) ?? [])
  if (timestamp === null || others.length > 0 || signatures.length === 0) return null
  return { timestamp, prefix: `${seconds}.`, signatures }
}

/** https://docs.slack.dev/authentication/verifying-requests-from-slack: `v0=HEX` over `v0:SECONDS:BODY`. */
function slack(fields: Fields): Claim | null {
  const seconds = given(fields, 'x-slack-request-timestamp')
  const timestamp = fromSeconds(seconds)
  const signature = hexAfter('v0=', given(fields, 'x-slack-signature'))
  if (timestamp === null || signature === null) return null
  return { timestamp, prefix: `v0:${seconds}:`, signatures: [signature] }
}

/** What senders of their own make have: hexadecimal or base64, perhaps behind `sha256=`. */
function plainHmac(text: string): Buffer | null {
  const bare = text.replace(/^sha256=/i, '')
  return fromHex(bare, SHA256_BYTES) ?? fromBase64(bare, SHA256_BYTES)
}

function overBody(text: string, read: (text: string) => Buffer | null): Claim | null {
  const signature = read(text)
  return signature === null ? null : { timestamp: null, prefix: '', signatures: [signature] }
}

function hexAfter(prefix: string, text: string): Buffer | null {
  return text.startsWith(prefix) ? fromHex(text.slice(prefix.length), SHA256_BYTES) : null
}

/** Empty when it is missing, or comes more than once. */
function given(fields: Fields, name: string): string {
  return singleField(fields, name)?.trim() ?? ''
}
