import type { ReactNode } from 'react'
import type { ExchangeDetail } from '../../inspector/contract.js'
import { Captured } from '../parts/bits.js'
import { count, dateAndClock, size } from '../text/format.js'

const STATES = {
  open: 'under way',
  done: 'ended as its protocol says',
  cut: 'cut off',
} as const

const KINDS = { http: 'HTTP', sse: 'server-sent events', websocket: 'WebSocket', grpc: 'gRPC' } as const

/** What is known of an exchange beside its fields and bodies. */
export function Summary({
  detail,
  onOpen,
}: {
  readonly detail: ExchangeDetail
  readonly onOpen: (id: string) => void
}) {
  const { replayOf } = detail
  const lines: readonly (readonly [string, ReactNode])[] = [
    ['State', STATES[detail.state]],
    ['Kind', `${KINDS[detail.kind]}, ${detail.protocol}`],
    ['Tunnel', <Captured key="tunnel" text={detail.tunnel} />],
    ['Host', <Captured key="host" text={detail.host} />],
    ['Visitor', <Captured key="visitor" text={detail.visitor} />],
    ['Started', dateAndClock(detail.startedAt)],
    ['Request body', `${size(detail.requestBytes)}${typed(detail.requestType)}`],
    ['Response body', `${size(detail.responseBytes)}${typed(detail.responseType)}`],
    ...(detail.kind === 'http' ? [] : [['Messages', count(detail.messages)] as const]),
    ['Request id', detail.requestId === '' ? 'none' : <Captured key="id" text={detail.requestId} />],
    ['Id', <code key="own">{detail.id}</code>],
    ...(replayOf === null
      ? []
      : [
          [
            'Replay of',
            <button key="of" type="button" className="link" onClick={() => onOpen(replayOf)}>
              {replayOf}
            </button>,
          ] as const,
        ]),
  ]
  return (
    <dl className="summary">
      {lines.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

function typed(mediaType: string): string {
  return mediaType === '' ? '' : `, ${mediaType.slice(0, 100)}`
}
