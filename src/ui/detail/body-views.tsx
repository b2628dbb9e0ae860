import { useEffect, useRef, useState } from 'react'
import { Captured } from '../parts/bits.js'
import { count, size } from '../text/format.js'
import { hexLines } from '../text/hex.js'
import type { MultipartPart } from '../text/multipart.js'
import { visible } from '../text/visible.js'

/** UTF-16 units of a text, or bytes of hex, that are shown at first; then ten times as many. */
const TEXT_AT_FIRST = 60_000
const HEX_AT_FIRST = 4096

export function TextView({ text, note }: { readonly text: string; readonly note?: string }) {
  const [shown, setShown] = useState(TEXT_AT_FIRST)
  return (
    <>
      {note !== undefined && <p className="note">{note}</p>}
      <pre className="text" tabIndex={0}>
        {visible(text.slice(0, shown), true)}
      </pre>
      <More all={text.length} shown={shown} onMore={() => setShown(shown * 10)} />
    </>
  )
}

export function HexView({ bytes, note }: { readonly bytes: Uint8Array; readonly note?: string }) {
  const [shown, setShown] = useState(HEX_AT_FIRST)
  return (
    <>
      {note !== undefined && <p className="note">{note}</p>}
      <pre className="text hex" tabIndex={0}>
        {hexLines(bytes.subarray(0, shown))}
      </pre>
      <More all={bytes.length} shown={shown} onMore={() => setShown(shown * 10)} />
    </>
  )
}

function More({ all, shown, onMore }: { readonly all: number; readonly shown: number; readonly onMore: () => void }) {
  if (all <= shown) return null
  return (
    <button type="button" className="link" onClick={onMore}>
      … show more: {size(all - shown)} are left
    </button>
  )
}

/** `a=1&b=2`, one a line. */
export function FormView({ text }: { readonly text: string }) {
  const pairs = [...new URLSearchParams(text)]
  return (
    <dl className="pairs">
      {pairs.slice(0, 1000).map(([name, value], index) => (
        <div key={index}>
          <dt>
            <Captured text={name} clip={200} />
          </dt>
          <dd>
            <Captured text={value} />
          </dd>
        </div>
      ))}
    </dl>
  )
}

export function MultipartView({ parts }: { readonly parts: readonly MultipartPart[] }) {
  return (
    <ol className="parts">
      {parts.map(({ fields, body }, index) => {
        const text = asText(body)
        return (
          <li key={index}>
            {fields.map((field, number) => (
              <p key={number} className="part-field">
                <Captured text={field} />
              </p>
            ))}
            {text === null ? <HexView bytes={body} /> : <TextView text={text} />}
          </li>
        )
      })}
    </ol>
  )
}

/** Drawn from its bytes: no URL of ours ever answers with captured bytes as an image or page. */
export function ImageView({ bytes, mediaType }: { readonly bytes: Uint8Array; readonly mediaType: string }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const [said, setSaid] = useState('')
  useEffect(() => {
    let stopped = false
    const draw = async () => {
      try {
        const image = await createImageBitmap(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: mediaType }))
        const target = canvas.current
        if (target === null || stopped) return
        const scale = Math.min(1, MAX_SIDE / Math.max(image.width, image.height))
        target.width = Math.max(1, Math.round(image.width * scale))
        target.height = Math.max(1, Math.round(image.height * scale))
        target.getContext('2d')?.drawImage(image, 0, 0, target.width, target.height)
        setSaid(`${count(image.width)} × ${count(image.height)}`)
        image.close()
      } catch {
        setSaid('This image could not be drawn; perhaps not all of it was kept.')
      }
    }
    void draw()
    return () => {
      stopped = true
    }
  }, [bytes, mediaType])
  return (
    <figure className="image">
      <canvas ref={canvas} width="1" height="1" role="img" aria-label="The image of the body" />
      <figcaption className="quiet">{said}</figcaption>
    </figure>
  )
}

const MAX_SIDE = 1600

function asText(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}
