import { memo } from 'react'
import type { ExchangeSummary } from '../../inspector/contract.js'
import { Station, toneOf } from '../parts/marks.js'
import { Track } from '../parts/timing.js'
import { clock, count, duration, size } from '../text/format.js'
import { clipped } from '../text/visible.js'

export const ROW_PX = 28

/** Longer targets are cut: a row shows less. */
const MAX_TARGET = 400

interface Props {
  readonly row: ExchangeSummary
  /** Rows above it. */
  readonly place: number
  readonly selected: boolean
  readonly open: boolean
  readonly marked: boolean
}

export const RequestRow = memo(function RequestRow({ row, place, selected, open, marked }: Props) {
  const tone = toneOf(row.status, row.state)
  return (
    <div
      role="row"
      id={`row-${row.id}`}
      data-id={row.id}
      aria-rowindex={place + 2}
      aria-selected={selected}
      className={`row${open ? ' open' : ''}${marked ? ' marked' : ''}`}
      style={{ transform: `translateY(${place * ROW_PX}px)` }}
    >
      <span role="gridcell" className="cell-mark" title="Mark (x)">
        <Station tone={tone} />
        {marked && <span className="unseen">, marked</span>}
      </span>
      <span role="gridcell" className="cell-method">
        {clipped(row.method, 16)}
      </span>
      <span role="gridcell" className="cell-target" title={clipped(row.target, MAX_TARGET)}>
        {row.replayOf !== null && <span className="replayed">replay</span>}
        <bdi>{clipped(row.target, MAX_TARGET)}</bdi>
      </span>
      <span role="gridcell" className={`cell-status tone-${tone}`}>
        {row.status ?? (row.state === 'open' ? '…' : 'cut')}
      </span>
      <span role="gridcell" className="cell-type">
        {typeOf(row)}
      </span>
      <span role="gridcell" className="cell-tunnel">
        {clipped(row.tunnel, 40)}
      </span>
      <span role="gridcell" className="cell-size">
        {row.status === null ? '–' : size(row.responseBytes)}
      </span>
      <span role="gridcell" className="cell-time">
        {duration(row.timing.totalMs)}
      </span>
      <span role="gridcell" className="cell-track">
        <Track timing={row.timing} />
      </span>
      <span role="gridcell" className="cell-clock">
        {clock(row.startedAt)}
      </span>
    </div>
  )
})

const KINDS = { sse: 'events', websocket: 'websocket', grpc: 'grpc' } as const

function typeOf(row: ExchangeSummary): string {
  if (row.kind !== 'http') return `${KINDS[row.kind]} ${count(row.messages)}`
  return clipped(row.responseType.replace(/^(application|text)\//, ''), 24)
}
