import { useState } from 'react'
import type { ExchangeDetail } from '../../inspector/contract.js'
import { ask } from '../api.js'
import type { Feeds } from '../feeds.js'
import { CopyButton } from '../parts/bits.js'
import { bodyPath } from '../paths.js'
import { asCurl, asFetch, asHttpie, toBase64, type CopiedRequest } from '../text/copy-as.js'

const WAYS = [
  ['curl', asCurl],
  ['fetch', asFetch],
  ['HTTPie', asHttpie],
] as const

/** Copies the request as a command or as code. */
export function CopyAs({ detail, feeds }: { readonly detail: ExchangeDetail; readonly feeds: Feeds }) {
  const [open, setOpen] = useState(false)
  return (
    <span className="copy-as">
      <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
        Copy as
      </button>
      {open &&
        WAYS.map(([label, write]) => (
          <CopyButton
            key={label}
            label={label}
            title="Redacted values are copied as [redacted]"
            text={async () => write(await requestOf(detail, feeds))}
          />
        ))}
    </span>
  )
}

async function requestOf(detail: ExchangeDetail, feeds: Feeds): Promise<CopiedRequest> {
  const { method, target, request, tunnel, host } = detail
  const publicUrl = feeds.status.status?.tunnels.find(({ name }) => name === tunnel)?.publicUrl ?? null
  const origin = publicUrl === null ? `https://${host}` : publicUrl.replace(/\/+$/, '')
  const url = /^https?:/i.test(target) ? target : `${origin}${target.startsWith('/') ? target : '/'}`
  return { method, url, fields: request.fields, body: await bodyOf(detail) }
}

async function bodyOf({ id, request: { body } }: ExchangeDetail): Promise<CopiedRequest['body']> {
  if (body.kept === 0) return null
  const bytes = new Uint8Array(
    await (await ask('GET', bodyPath(id, 'request', body.codings.length === 0))).arrayBuffer(),
  )
  if (!body.text || body.codings.length > 0) return { base64: toBase64(bytes) }
  return { text: new TextDecoder().decode(bytes) }
}
