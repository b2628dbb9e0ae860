import { useEffect, useState } from 'react'
import type { ExchangeDetail, ReplayRequest } from '../../inspector/contract.js'
import { ask, wordsOf } from '../api.js'
import type { Feeds } from '../feeds.js'
import { useEmitter } from '../live/use-emitter.js'
import { Problem } from '../parts/bits.js'
import { bodyPath } from '../paths.js'

interface Props {
  readonly detail: ExchangeDetail
  readonly feeds: Feeds
  onSend(request: ReplayRequest): void
  onCancel(): void
}

interface EditedField {
  readonly key: number
  readonly name: string
  readonly value: string
}

/** The request, to be changed and sent again. What is not changed is left to the agent, which has it exactly. */
export function EditForm({ detail, feeds, onSend, onCancel }: Props) {
  useEmitter(feeds.status)
  const [method, setMethod] = useState(detail.method)
  const [target, setTarget] = useState(detail.target)
  const [fields, setFields] = useState<readonly EditedField[]>(() =>
    detail.request.fields.map(({ name, value }, key) => ({ key, name, value })),
  )
  const [fieldsChanged, setFieldsChanged] = useState(false)
  const { body, problem } = useTextBody(detail)
  const [edited, setEdited] = useState<string | null>(null)
  const [to, setTo] = useState('')
  const [upstream, setUpstream] = useState('')
  const tunnels =
    feeds.status.status?.tunnels.filter(({ kind, name }) => kind === 'http' && name !== detail.tunnel) ?? []

  const change = (next: readonly EditedField[]) => {
    setFields(next)
    setFieldsChanged(true)
  }
  const send = () => {
    onSend({
      ...(method === detail.method ? {} : { method }),
      ...(target === detail.target ? {} : { target }),
      ...(fieldsChanged
        ? { fields: fields.filter(({ name }) => name !== '').map(({ name, value }) => ({ name, value })) }
        : {}),
      ...(edited === null || edited === body ? {} : { body: { text: edited } }),
      ...(to === '' || to === UPSTREAM ? {} : { tunnel: to }),
      ...(to === UPSTREAM ? { upstream } : {}),
    })
  }
  return (
    <form
      className="edit"
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
    >
      <div className="edit-line">
        <label className="edit-method">
          Method
          <input required value={method} spellCheck={false} onChange={(event) => setMethod(event.target.value)} />
        </label>
        <label className="edit-target">
          Target
          <input required value={target} spellCheck={false} onChange={(event) => setTarget(event.target.value)} />
        </label>
      </div>
      <fieldset>
        <legend>Fields</legend>
        {fields.map((field) => (
          <div className="edit-field" key={field.key}>
            <input
              aria-label="Name of the field"
              value={field.name}
              spellCheck={false}
              onChange={(event) =>
                change(fields.map((one) => (one === field ? { ...field, name: event.target.value } : one)))
              }
            />
            <input
              aria-label={`Value of ${field.name === '' ? 'the field' : field.name}`}
              value={field.value}
              spellCheck={false}
              onChange={(event) =>
                change(fields.map((one) => (one === field ? { ...field, value: event.target.value } : one)))
              }
            />
            <button
              type="button"
              aria-label={`Remove ${field.name}`}
              onClick={() => change(fields.filter((one) => one !== field))}
            >
              ✕
            </button>
          </div>
        ))}
        <button
          type="button"
          className="link"
          onClick={() => change([...fields, { key: (fields.at(-1)?.key ?? -1) + 1, name: '', value: '' }])}
        >
          Add a field
        </button>
      </fieldset>
      <label>
        Body
        <textarea
          rows={8}
          spellCheck={false}
          value={edited ?? body ?? ''}
          placeholder={placeholderOf(detail)}
          onChange={(event) => setEdited(event.target.value)}
        />
      </label>
      {problem !== null && <Problem>{problem}</Problem>}
      <div className="edit-line">
        <label>
          To
          <select value={to} onChange={(event) => setTo(event.target.value)}>
            <option value="">the upstream of {detail.tunnel}</option>
            {tunnels.map(({ name }) => (
              <option key={name} value={name}>
                the upstream of {name}
              </option>
            ))}
            <option value={UPSTREAM}>another upstream</option>
          </select>
        </label>
        {to === UPSTREAM && (
          <label className="edit-target">
            Upstream
            <input
              required
              value={upstream}
              placeholder="localhost:3001"
              spellCheck={false}
              onChange={(event) => setUpstream(event.target.value)}
            />
          </label>
        )}
      </div>
      <div className="edit-send">
        <button type="submit" className="main">
          Send
        </button>
        <button type="button" onClick={onCancel}>
          Cancel
        </button>
      </div>
    </form>
  )
}

/** In place of a tunnel's name: no tunnel has it. */
const UPSTREAM = '\n'

function placeholderOf({ request: { body } }: ExchangeDetail): string {
  if (body.bytes === 0) return 'The request has no body.'
  if (body.kept < body.bytes) return 'Not all of the body was kept. What is written here replaces it.'
  return body.text ? '' : 'The body is not text; it is sent as it was unless something is written here.'
}

/** The body as it can be edited; null: it cannot, or is not here yet. */
function useTextBody({ id, request: { body } }: ExchangeDetail): {
  readonly body: string | null
  readonly problem: string | null
} {
  const [text, setText] = useState<string | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const editable = body.text && body.kept > 0 && body.kept === body.bytes
  useEffect(() => {
    if (!editable) return
    const abort = new AbortController()
    const load = async () => {
      try {
        setText(await (await ask('GET', bodyPath(id, 'request', true), undefined, abort.signal)).text())
      } catch (error) {
        if (!abort.signal.aborted) setProblem(wordsOf(error))
      }
    }
    void load()
    return () => abort.abort()
  }, [id, editable])
  return { body: text, problem }
}
