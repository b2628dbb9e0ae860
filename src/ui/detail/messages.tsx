import { memo, useEffect, useState } from 'react'
import type { ExchangeDetail, MessagePage, TimelineMessage } from '../../inspector/contract.js'
import { askJson, type ApiProblem } from '../api.js'
import { Problem } from '../parts/bits.js'
import { messagesPath } from '../paths.js'
import { isBag, isListOf, isMessage } from '../shapes.js'
import { count, counted, duration, size } from '../text/format.js'
import { fromBase64 } from '../text/hex.js'
import { isBranch, parseJson } from '../text/json.js'
import { clipped } from '../text/visible.js'
import { HexView, TextView } from './body-views.js'
import { JsonTree } from './json-tree.js'

/** Messages asked for at a time, and drawn at a time. */
const PAGE = 200
const PREVIEW = 200

/** WebSocket and gRPC messages, and server-sent events, in the order of their coming. */
export function Messages({ detail }: { readonly detail: ExchangeDetail }) {
  const { id, messages: total } = detail
  const [messages, setMessages] = useState<readonly TimelineMessage[]>([])
  const [problem, setProblem] = useState<ApiProblem | null>(null)
  /** How many are wanted; Infinity: all that come. */
  const [wanted, setWanted] = useState(PAGE)
  /** Those up to this number were left out. */
  const [after, setAfter] = useState(-1)
  const last = messages.at(-1)?.number ?? after
  useEffect(() => {
    if (messages.length >= wanted) return
    const abort = new AbortController()
    askJson('GET', messagesPath(id, last, PAGE), isMessagePage, { signal: abort.signal }).then(
      (page) => {
        setMessages((before) => merged(before, page.messages))
        setProblem(null)
      },
      (error: unknown) => {
        if (!abort.signal.aborted) setProblem(error as ApiProblem)
      },
    )
    return () => abort.abort()
  }, [id, total, last, wanted, messages.length])
  const left = total - 1 - last
  const showLast = () => {
    setMessages([])
    setAfter(total - 1 - PAGE)
    setWanted(Infinity)
  }
  return (
    <div className="messages">
      {problem !== null && <Problem>{problem.message}</Problem>}
      {total === 0 && problem === null && <p className="quiet pad">No message yet.</p>}
      {after >= 0 && <p className="quiet">{counted(after + 1, 'earlier message')} left out.</p>}
      <ol>
        {messages.map((message) => (
          <Message key={message.number} message={message} />
        ))}
      </ol>
      {messages.length >= wanted && left > 0 && (
        <p>
          <button type="button" className="link" onClick={() => setWanted(wanted + PAGE)}>
            Show more: {count(left)} are left
          </button>
          {left > PAGE && (
            <button type="button" className="link" onClick={showLast}>
              Show the last ones, and what comes
            </button>
          )}
        </p>
      )}
      {detail.state !== 'open' && messages.length < wanted && left > 0 && messages.length > 0 && (
        <p className="note">{counted(left, 'message')} not kept.</p>
      )}
    </div>
  )
}

const Message = memo(function Message({ message }: { readonly message: TimelineMessage }) {
  const [open, setOpen] = useState(false)
  const { direction, kind, text, base64, label } = message
  const up = direction === 'to-upstream'
  const preview = text === null ? (base64 === null ? '' : hexPreview(base64)) : clipped(text, PREVIEW)
  return (
    <li className={`message ${up ? 'up' : 'down'}`}>
      <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span className="message-at">{duration(message.atMs)}</span>
        <span className="message-way" role="img" aria-label={up ? 'to the upstream' : 'to the visitor'}>
          {up ? '→' : '←'}
        </span>
        <span className={`message-kind kind-${kind}`}>{kind}</span>
        <span className="message-text">
          {label !== '' && <b>{clipped(label, 80)} </b>}
          <bdi>{preview}</bdi>
        </span>
        <span className="message-size">{size(message.bytes)}</span>
      </button>
      {message.problem !== null && <p className="note">{clipped(message.problem, 400)}</p>}
      {open && (
        <div className="message-body">
          {message.truncated && <p className="note">Not all of it was kept.</p>}
          <Payload text={text} base64={base64} />
        </div>
      )}
    </li>
  )
})

function Payload({ text, base64 }: { readonly text: string | null; readonly base64: string | null }) {
  if (text === null)
    return base64 === null || base64 === '' ? <p className="quiet">Empty.</p> : <HexView bytes={fromBase64(base64)} />
  if (text === '') return <p className="quiet">Empty.</p>
  const json = parseJson(text)
  return isBranch(json) ? <JsonTree value={json} /> : <TextView text={text} />
}

function hexPreview(base64: string): string {
  return [...fromBase64(base64.slice(0, 64))].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
}

/** Beyond this many the first ones go. */
const MOST = 5000

function merged(before: readonly TimelineMessage[], more: readonly TimelineMessage[]): readonly TimelineMessage[] {
  const last = before.at(-1)?.number ?? -1
  const fresh = more.filter(({ number }) => number > last)
  return fresh.length === 0 ? before : [...before, ...fresh].slice(-MOST)
}

function isMessagePage(value: unknown): value is MessagePage {
  return isBag(value) && isListOf(isMessage)(value['messages'])
}
