import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { singleField } from '../../../core/http-fields.js'
import type { Secret } from '../../../core/secret.js'
import { parseBasic } from '../basic-auth.js'
import { fromBase64, fromHex, isAmong, type Proof, type WebhookRequest } from './proof.js'

const DIGEST_BYTES = { sha1: 20, sha256: 32 } as const

/**
 * https://www.twilio.com/docs/usage/security: base64 of an HMAC over the URL and, behind it, the names and values of a
 * form, sorted; a body that is no form is covered by its SHA-256 in the URL (`bodySHA256`). The hash is SHA-1, or
 * SHA-256 where the settings of the account say so. Null when the request has no such signature.
 */
export function twilioProof(secret: Secret, { fields, url }: WebhookRequest): Proof | null {
  const settings = singleField(fields, 'x-twilio-webhooks-signature-settings') ?? ''
  const algorithm = /\balgorithm=HMAC_SHA256\b/i.test(settings) ? 'sha256' : 'sha1'
  const signature = fromBase64(singleField(fields, 'x-twilio-signature') ?? '', DIGEST_BYTES[algorithm])
  if (signature === null) return null
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(singleField(fields, 'content-type') ?? '')
  const login = parseBasic(singleField(fields, 'authorization') ?? '')
  return {
    timestamp: null,
    update: () => undefined,
    verify(body) {
      const tail = signedBody(url, body, isForm)
      if (tail === null) return null
      let found: string | null = null
      for (const candidate of signedUrls(url, login)) {
        const expected = createHmac(algorithm, secret.reveal()).update(candidate).update(tail).digest()
        if (isAmong(expected, [signature])) found = expected.toString('base64')
      }
      return found
    },
  }
}

/** What is signed behind the URL; null: the body is not covered by the signature. */
function signedBody(url: string, body: Buffer, isForm: boolean): string | null {
  const digest = /[?&]bodySHA256=([^&#]*)/.exec(url)?.[1]
  if (digest !== undefined) {
    const given = fromHex(digest, DIGEST_BYTES.sha256)
    return given !== null && timingSafeEqual(given, createHash('sha256').update(body).digest()) ? '' : null
  }
  if (body.length === 0) return ''
  return isForm ? sortedForm(body.toString()) : null
}

/** Names in order, each with its different values in order. */
function sortedForm(text: string): string {
  const values = new Map<string, Set<string>>()
  for (const [name, value] of new URLSearchParams(text)) {
    const known = values.get(name)
    if (known === undefined) values.set(name, new Set([value]))
    else known.add(value)
  }
  const names = [...values.keys()].sort()
  return names
    .map((name) =>
      [...(values.get(name) as Set<string>)]
        .sort()
        .map((value) => name + value)
        .join(''),
    )
    .join('')
}

/** The URL as it is, and as Twilio may have written it: with or without the port, and with the login it was given. */
function signedUrls(url: string, login: { user: string; password: string } | null): string[] {
  const [, scheme = '', host = '', port, rest = ''] = /^(https?):\/\/([^/?#]*?)(?::(\d+))?([/?#].*)?$/.exec(url) ?? []
  const standard = scheme === 'https' ? '443' : '80'
  const hosts = [`${host}:${port ?? standard}`, host]
  const logins = login === null ? [''] : ['', `${login.user}:${login.password}@`]
  return logins.flatMap((prefix) => hosts.map((name) => `${scheme}://${prefix}${name}${rest}`))
}
