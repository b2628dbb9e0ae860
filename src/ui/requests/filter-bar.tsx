import { forwardRef, useEffect, useRef, useState } from 'react'
import { askJson, wordsOf } from '../api.js'
import type { Feeds } from '../feeds.js'
import { useEmitter } from '../live/use-emitter.js'
import { filterText, parseFilter, type Filter } from '../text/filter-text.js'
import { harUrl } from '../paths.js'
import { isBag } from '../shapes.js'
import { counted } from '../text/format.js'

const TYPED_MS = 150

interface Props {
  readonly text: string
  onText(text: string): void
  /** The text is as it should be. */
  onEnter(): void
  readonly feeds: Feeds
}

/** The search field, and a form for those who would rather choose than type: both write the same text. */
export const FilterBar = forwardRef<HTMLInputElement, Props>(function FilterBar({ text, onText, onEnter, feeds }, ref) {
  const [typed, setTyped] = useState(text)
  const [choosing, setChoosing] = useState(false)
  const sent = useRef(text)
  useEffect(() => {
    if (text !== sent.current) setTyped(text)
    sent.current = text
  }, [text])
  useEffect(() => {
    if (typed === sent.current) return
    const timer = setTimeout(() => {
      sent.current = typed
      onText(typed)
    }, TYPED_MS)
    return () => clearTimeout(timer)
  })
  const choose = (change: Filter) => {
    const next = filterText({ ...parseFilter(typed), ...change })
    sent.current = next
    setTyped(next)
    onText(next)
  }
  return (
    <div role="search" className="filter">
      <div className="filter-line">
        <input
          ref={ref}
          type="search"
          aria-label="Search requests"
          placeholder="Search, or status:5xx time:>200ms …   ( / )"
          spellCheck={false}
          autoComplete="off"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          onKeyDown={(event) => event.key === 'Enter' && onEnter()}
        />
        <button type="button" aria-expanded={choosing} onClick={() => setChoosing(!choosing)}>
          Filter
        </button>
        <a
          className="button"
          href={harUrl({ filter: parseFilter(text) })}
          download="uniroute.har"
          title="Those that match, as a HAR file"
        >
          HAR
        </a>
      </div>
      {choosing && <FilterForm filter={parseFilter(typed)} onChange={choose} feeds={feeds} />}
    </div>
  )
})

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'CONNECT']
const STATUSES = ['2xx', '3xx', '4xx', '5xx', 'none']
const KINDS = ['http', 'sse', 'websocket', 'grpc'] as const
const TEXTS = [
  ['path', 'Path has'],
  ['header', 'Field'],
  ['body', 'Body has'],
] as const
const NUMBERS = [
  ['minMs', 'Took at least, ms'],
  ['maxMs', 'Took at most, ms'],
  ['minBytes', 'Size from, bytes'],
  ['maxBytes', 'Size up to, bytes'],
] as const

interface FormProps {
  readonly filter: Filter
  onChange(change: Filter): void
  readonly feeds: Feeds
}

/** Puts the requests of a HAR file among the others. */
function ImportHar() {
  const [said, setSaid] = useState<string | null>(null)
  const take = async (file: File | undefined) => {
    if (file === undefined) return
    setSaid('Reading…')
    try {
      const { imported } = await askJson('POST', '/exchanges.har', isImported, { text: await file.text() })
      setSaid(`${counted(imported, 'request')} imported.`)
    } catch (error) {
      setSaid(wordsOf(error))
    }
  }
  return (
    <label className="import">
      Import a HAR file
      <input
        type="file"
        accept=".har,.json,application/json"
        onChange={(event) => void take(event.target.files?.[0])}
      />
      <span role="status">{said}</span>
    </label>
  )
}

function isImported(value: unknown): value is { readonly imported: number } {
  return isBag(value) && typeof value['imported'] === 'number'
}

function FilterForm({ filter, onChange, feeds }: FormProps) {
  useEmitter(feeds.status)
  const tunnels = feeds.status.status?.tunnels.filter(({ kind }) => kind === 'http').map(({ name }) => name) ?? []
  const lists = [
    ['method', 'Method', METHODS],
    ['status', 'Status', STATUSES],
    ['kind', 'Kind', KINDS],
    ['tunnel', 'Tunnel', tunnels],
  ] as const
  // What is empty is left out of the text.
  const change = (key: string, value: string | number) => onChange({ [key]: value })
  return (
    <div className="filter-form">
      {lists.map(([key, label, values]) => {
        const value = filter[key] ?? ''
        return (
          <label key={key}>
            {label}
            <select value={value} onChange={(event) => change(key, event.target.value)}>
              <option value="">any</option>
              {[...new Set([...values, value])]
                .filter((one) => one !== '')
                .map((one) => (
                  <option key={one}>{one}</option>
                ))}
            </select>
          </label>
        )
      })}
      {TEXTS.map(([key, label]) => (
        <label key={key}>
          {label}
          <input value={filter[key] ?? ''} onChange={(event) => change(key, event.target.value)} />
        </label>
      ))}
      {NUMBERS.map(([key, label]) => (
        <label key={key}>
          {label}
          <input
            inputMode="numeric"
            value={filter[key] ?? ''}
            onChange={(event) => {
              const digits = event.target.value.replace(/\D/g, '')
              onChange({ [key]: digits === '' ? undefined : Number(digits) })
            }}
          />
        </label>
      ))}
      <ImportHar />
      <button
        type="button"
        className="link"
        onClick={() => onChange(Object.fromEntries(Object.keys(filter).map((key) => [key, undefined])))}
      >
        Clear all
      </button>
    </div>
  )
}
