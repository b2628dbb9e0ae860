import { useEffect, useState } from 'react'
import type { MessagePart } from '../../inspector/contract.js'
import { ask, wordsOf } from '../api.js'
import { Boundary, CopyButton, Problem } from '../parts/bits.js'
import { bodyPath, type Side } from '../paths.js'
import { bodyNotes, viewsOf, type BodyView } from '../text/bodies.js'
import { size } from '../text/format.js'
import { parseJson } from '../text/json.js'
import { boundaryOf, splitMultipart } from '../text/multipart.js'
import { indentXml } from '../text/xml.js'
import { FormView, HexView, ImageView, MultipartView, TextView } from './body-views.js'
import { JsonTree } from './json-tree.js'

const LABELS: Readonly<Record<BodyView, string>> = {
  json: 'JSON',
  xml: 'XML',
  form: 'Form',
  multipart: 'Parts',
  image: 'Image',
  text: 'Text',
  hex: 'Hex',
  raw: 'As sent',
}

interface Props {
  readonly id: string
  readonly side: Side
  readonly part: MessagePart
}

/** A body in the way that suits it, and in others. */
export function Body({ id, side, part }: Props) {
  const { body } = part
  const views = viewsOf(body)
  const [chosen, choose] = useState<BodyView | null>(null)
  const view = chosen !== null && views.includes(chosen) ? chosen : (views[0] ?? 'hex')
  const { bytes, problem, again } = useBytes(body.kept === 0 ? null : bodyPath(id, side, view !== 'raw'), body.kept)
  const contentType = part.fields.find(({ name }) => name.toLowerCase() === 'content-type')?.value ?? ''
  return (
    <section className="body">
      <div className="body-bar">
        <h2>
          Body <span className="quiet">{size(body.bytes)}</span>
        </h2>
        {body.kept > 0 && (
          <div className="views" role="group" aria-label="Show the body as">
            {views.map((name) => (
              <button key={name} type="button" aria-pressed={name === view} onClick={() => choose(name)}>
                {LABELS[name]}
              </button>
            ))}
            {bytes !== null && body.text && view !== 'raw' && <CopyButton label="Copy" text={() => textOf(bytes)} />}
          </div>
        )}
      </div>
      {bodyNotes(body).map((note) => (
        <p key={note} className="note">
          {note}
        </p>
      ))}
      {body.bytes === 0 && <p className="quiet">Empty.</p>}
      {body.bytes > 0 && body.kept === 0 && <p className="quiet">Nothing of it was kept.</p>}
      {problem !== null && <Problem again={again}>{problem}</Problem>}
      {bytes !== null && (
        <Boundary of={`${id} ${view}`}>
          <Shown view={view} bytes={bytes} contentType={contentType} mediaType={body.mediaType} />
        </Boundary>
      )}
    </section>
  )
}

interface ShownProps {
  readonly view: BodyView
  readonly bytes: Uint8Array
  readonly contentType: string
  readonly mediaType: string
}

function Shown({ view, bytes, contentType, mediaType }: ShownProps) {
  switch (view) {
    case 'json': {
      const value = parseJson(textOf(bytes))
      if (value !== undefined) return <JsonTree value={value} />
      return <TextView text={textOf(bytes)} note="Not valid JSON: shown as text." />
    }
    case 'xml':
      return <TextView text={indentXml(textOf(bytes))} />
    case 'form':
      return <FormView text={textOf(bytes)} />
    case 'multipart': {
      const boundary = boundaryOf(contentType)
      const parts = boundary === null ? [] : splitMultipart(bytes, boundary)
      if (parts.length === 0) return <HexView bytes={bytes} note="It has no parts that could be told apart." />
      return <MultipartView parts={parts} />
    }
    case 'image':
      return <ImageView bytes={bytes} mediaType={mediaType} />
    case 'text':
      return <TextView text={textOf(bytes)} />
    case 'hex':
    case 'raw':
      return <HexView bytes={bytes} />
  }
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

interface Loaded {
  readonly bytes: Uint8Array | null
  readonly problem: string | null
  again(): void
}

/** @param kept asked for again when more of it is kept */
function useBytes(path: string | null, kept: number): Loaded {
  const [bytes, setBytes] = useState<Uint8Array | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const [wanted, setWanted] = useState(0)
  useEffect(() => {
    if (path === null) return
    const abort = new AbortController()
    const load = async () => {
      try {
        const response = await ask('GET', path, undefined, abort.signal)
        const loaded = new Uint8Array(await response.arrayBuffer())
        if (abort.signal.aborted) return
        setBytes(loaded)
        setProblem(null)
      } catch (error) {
        if (!abort.signal.aborted) setProblem(wordsOf(error))
      }
    }
    void load()
    return () => abort.abort()
  }, [path, kept, wanted])
  return { bytes: path === null ? null : bytes, problem, again: () => setWanted((number) => number + 1) }
}
