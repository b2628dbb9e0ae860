import { useState } from 'react'
import type { ExchangeDetail, Field, MessagePart } from '../../inspector/contract.js'
import { askJson, wordsOf } from '../api.js'
import { Captured, Problem } from '../parts/bits.js'
import { isBag } from '../shapes.js'
import type { Side } from '../paths.js'
import { counted } from '../text/format.js'
import { Body } from './body.js'

/** Fields beyond this are shown when they are asked for. */
const FEW = 60

interface Props {
  readonly detail: ExchangeDetail
  readonly side: Side
  readonly part: MessagePart | null
  readonly canReveal: boolean
}

/** Request or response: its fields, its body, its trailers. */
export function Part({ detail, side, part, canReveal }: Props) {
  if (part === null) {
    return <p className="quiet pad">{detail.state === 'open' ? 'No answer yet.' : 'There was no answer.'}</p>
  }
  return (
    <>
      <Fields title="Fields" fields={part.fields} canReveal={canReveal} />
      <Body id={detail.id} side={side} part={part} />
      {part.trailers.length > 0 && <Fields title="Trailers" fields={part.trailers} canReveal={canReveal} />}
    </>
  )
}

interface FieldsProps {
  readonly title: string
  readonly fields: readonly Field[]
  readonly canReveal: boolean
}

function Fields({ title, fields, canReveal }: FieldsProps) {
  const [all, setAll] = useState(false)
  const shown = all ? fields : fields.slice(0, FEW)
  return (
    <section className="fields">
      <h2>
        {title} <span className="quiet">{fields.length}</span>
      </h2>
      <dl>
        {shown.map((field, index) => (
          <div key={index} className={field.redacted ? 'redacted' : undefined}>
            <dt>
              <Captured text={field.name} clip={200} />
            </dt>
            <dd>
              <Value field={field} canReveal={canReveal} />
            </dd>
          </div>
        ))}
      </dl>
      {shown.length < fields.length && (
        <button type="button" className="link" onClick={() => setAll(true)}>
          Show {counted(fields.length - shown.length, 'more field')}
        </button>
      )}
    </section>
  )
}

/** A value whose secret is shown only when somebody asks for this one. */
function Value({ field, canReveal }: { readonly field: Field; readonly canReveal: boolean }) {
  const [secret, setSecret] = useState<string | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const reveal = async () => {
    try {
      const { value } = await askJson('POST', '/reveal', isRevealed, { body: { secret: field.secret } })
      setSecret(value)
    } catch (error) {
      setProblem(wordsOf(error))
    }
  }
  if (!field.redacted) return <Captured text={field.value} />
  return (
    <>
      <Captured text={secret ?? field.value} />
      {canReveal && field.secret !== null && (
        <button type="button" className="link" onClick={() => (secret === null ? void reveal() : setSecret(null))}>
          {secret === null ? 'Reveal' : 'Hide'}
        </button>
      )}
      {field.secret === null && <span className="quiet"> not kept</span>}
      {problem !== null && <Problem>{problem}</Problem>}
    </>
  )
}

function isRevealed(value: unknown): value is { readonly value: string } {
  return isBag(value) && typeof value['value'] === 'string'
}
