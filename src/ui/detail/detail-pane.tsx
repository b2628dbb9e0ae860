import { useState, type KeyboardEvent } from 'react'
import type { ExchangeDetail, ReplayRequest } from '../../inspector/contract.js'
import type { Feeds } from '../feeds.js'
import { useEmitter } from '../live/use-emitter.js'
import { Captured, Problem } from '../parts/bits.js'
import { Station, toneOf } from '../parts/marks.js'
import { TimingBar } from '../parts/timing.js'
import { harUrl } from '../paths.js'
import { EditForm } from '../replay/edit-form.js'
import { ReplayView } from '../replay/replay-view.js'
import { count } from '../text/format.js'
import { clipped } from '../text/visible.js'
import { CopyAs } from './copy-as.js'
import { Messages } from './messages.js'
import { Part } from './part.js'
import { Summary } from './summary.js'
import { useDetail } from './use-detail.js'

export type DetailMode = 'view' | 'edit' | 'replay'

interface Props {
  readonly id: string
  readonly feeds: Feeds
  readonly mode: DetailMode
  readonly marked: boolean
  onMode(mode: DetailMode): void
  onMark(): void
  onClose(): void
  /** Another exchange. */
  onOpen(id: string): void
}

/** One exchange: all that is known of it, and what can be done with it. */
export function DetailPane({ id, feeds, mode, marked, onMode, onMark, onClose, onOpen }: Props) {
  useEmitter(feeds.requests)
  const at = feeds.requests.list.find(id)
  const row = at < 0 ? null : (feeds.requests.list.rows[at] ?? null)
  const { detail, problem, reload } = useDetail(id, row)
  const [edited, setEdited] = useState<ReplayRequest | null>(null)

  if (detail === null) {
    return (
      <div className="detail">
        <div className="detail-bar">
          <BackButton onClose={onClose} />
        </div>
        {problem === null ? <p className="quiet pad">Loading…</p> : <Problem again={reload}>{problem.message}</Problem>}
      </div>
    )
  }
  const replay = (request: ReplayRequest | null) => {
    setEdited(request)
    onMode('replay')
  }
  return (
    <div className="detail">
      <div className="detail-bar">
        <BackButton onClose={onClose} />
        <button type="button" className="main" aria-keyshortcuts="r" title="r" onClick={() => replay(null)}>
          Replay
        </button>
        <button
          type="button"
          aria-keyshortcuts="e"
          title="e"
          aria-pressed={mode === 'edit'}
          onClick={() => onMode(mode === 'edit' ? 'view' : 'edit')}
        >
          Edit
        </button>
        <CopyAs id={id} />
        <a className="button" href={harUrl({ ids: [id] })} download={`${id}.har`}>
          HAR
        </a>
        <button type="button" aria-keyshortcuts="x" title="x" aria-pressed={marked} onClick={onMark}>
          {marked ? 'Marked' : 'Mark'}
        </button>
      </div>
      <Head detail={detail} />
      {problem !== null && <Problem again={reload}>{problem.message}</Problem>}
      {mode === 'view' && <Tabs detail={detail} feeds={feeds} onOpen={onOpen} />}
      {mode === 'edit' && <EditForm detail={detail} feeds={feeds} onSend={replay} onCancel={() => onMode('view')} />}
      {mode === 'replay' && (
        <ReplayView
          detail={detail}
          request={edited}
          onDone={() => {
            setEdited(null)
            onMode('view')
          }}
          onEdit={() => onMode('edit')}
          onOpen={onOpen}
        />
      )}
    </div>
  )
}

function BackButton({ onClose }: { readonly onClose: () => void }) {
  return (
    <button type="button" className="back" onClick={onClose} aria-label="Close" title="Esc">
      <span aria-hidden="true" className="back-wide">
        ✕
      </span>
      <span aria-hidden="true" className="back-narrow">
        ←
      </span>
    </button>
  )
}

function Head({ detail }: { readonly detail: ExchangeDetail }) {
  const tone = toneOf(detail.status, detail.state)
  return (
    <div className="detail-head">
      <h1>
        <span className="method">{clipped(detail.method, 32)}</span> <Captured text={detail.target} clip={300} />
      </h1>
      <p className="answer">
        <Station tone={tone} />
        <strong className={`tone-${tone}`}>
          {detail.status ?? (detail.state === 'open' ? 'under way' : 'no answer')} {clipped(detail.reason, 80)}
        </strong>
        <span className="quiet">
          {clipped(detail.host, 120)} · {detail.protocol}
        </span>
      </p>
      {detail.problem !== null && (
        <p className="note">
          <Captured text={detail.problem} />
        </p>
      )}
      <TimingBar timing={detail.timing} />
    </div>
  )
}

type Tab = 'request' | 'response' | 'messages' | 'summary'

function Tabs({
  detail,
  feeds,
  onOpen,
}: {
  readonly detail: ExchangeDetail
  readonly feeds: Feeds
  readonly onOpen: (id: string) => void
}) {
  const streams = detail.kind !== 'http'
  const [chosen, choose] = useState<Tab | null>(null)
  const tab = chosen ?? (streams ? 'messages' : 'response')
  const tabs: readonly (readonly [Tab, string])[] = [
    ...(streams ? [['messages', `Messages ${count(detail.messages)}`] as const] : []),
    ['response', 'Response'],
    ['request', 'Request'],
    ['summary', 'Summary'],
  ]
  const onKey = (event: KeyboardEvent) => {
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    if (by === 0) return
    const next = tabs[(tabs.findIndex(([name]) => name === tab) + by + tabs.length) % tabs.length]
    if (next === undefined) return
    choose(next[0])
    document.getElementById(`tab-${next[0]}`)?.focus()
  }
  const reveal = feeds.status.status?.capture.canReveal ?? false
  return (
    <>
      <div className="tabs" role="tablist" aria-label="Of this request" onKeyDown={onKey}>
        {tabs.map(([name, label]) => (
          <button
            key={name}
            id={`tab-${name}`}
            type="button"
            role="tab"
            aria-selected={name === tab}
            aria-controls="tab-panel"
            tabIndex={name === tab ? 0 : -1}
            onClick={() => choose(name)}
          >
            {label}
          </button>
        ))}
      </div>
      <div className="tab-panel" id="tab-panel" role="tabpanel" aria-labelledby={`tab-${tab}`} tabIndex={0}>
        {tab === 'summary' && <Summary detail={detail} onOpen={onOpen} />}
        {tab === 'messages' && <Messages detail={detail} />}
        {tab === 'request' && (
          <Part key="request" detail={detail} side="request" part={detail.request} canReveal={reveal} />
        )}
        {tab === 'response' && (
          <Part key="response" detail={detail} side="response" part={detail.response} canReveal={reveal} />
        )}
      </div>
    </>
  )
}
