import {
  forwardRef,
  useCallback,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
  type MouseEvent,
} from 'react'
import type { RequestFeed } from '../live/request-feed.js'
import { useEmitter } from '../live/use-emitter.js'
import { count } from '../text/format.js'
import { RequestRow, ROW_PX } from './request-row.js'

/** Rows drawn beyond what is seen, above and below. */
const BEYOND = 6
/** Below this the list counts as being at its top. */
const TOP_PX = 2
/** Height of the line of headings, which stays on top. */
const HEAD_PX = 24

export interface ListHandle {
  focus(): void
  /** Moves the focus to the list, and scrolls it just so far that the row is seen. */
  show(id: string): void
}

interface Props {
  readonly feed: RequestFeed
  readonly filtered: boolean
  readonly cursor: string | null
  readonly open: string | null
  readonly marked: ReadonlySet<string>
  onOpen(id: string): void
  onMark(id: string): void
}

/**
 * The newest on top; only the rows that are seen are in the document. At its top, with nothing selected, the list
 * follows what comes; otherwise what is seen stays where it is and what came is counted.
 */
export const RequestList = forwardRef<ListHandle, Props>(function RequestList(props, handle) {
  const { feed, cursor, marked } = props
  useEmitter(feed)
  const { rows, first } = feed.list
  const end = first + rows.length
  const box = useRef<HTMLDivElement>(null)
  const scrolled = useRef({ top: 0, end, follows: cursor === null, leftAt: end, generation: -1 })
  const [, redraw] = useState(0)
  const [height, setHeight] = useState(600)

  const was = scrolled.current
  const { generation } = feed.list
  const anew = was.generation !== generation
  const top = anew ? 0 : was.follows ? was.top : Math.max(0, was.top + (end - was.end) * ROW_PX)
  useLayoutEffect(() => {
    if (box.current !== null && top !== was.top) box.current.scrollTop = top
    const now = scrolled.current
    scrolled.current = {
      ...now,
      top,
      end,
      leftAt: anew ? end : now.leftAt,
      generation: rows.length === 0 ? -1 : generation,
    }
    if (anew && cursor !== null) reveal(cursor)
  })

  /** Scrolls just so far that the row is seen. */
  const reveal = (id: string) => {
    const at = feed.list.find(id)
    const element = box.current
    if (at < 0 || element === null) return
    const y = (rows.length - 1 - at) * ROW_PX
    const room = element.clientHeight - HEAD_PX - ROW_PX
    if (y < element.scrollTop) element.scrollTop = y
    else if (y > element.scrollTop + room) element.scrollTop = y - room
  }
  const follow = useCallback((follows: boolean) => {
    const now = scrolled.current
    if (now.follows && !follows) scrolled.current = { ...now, follows, leftAt: now.end }
    else scrolled.current = { ...now, follows }
  }, [])
  useEffect(() => {
    if (cursor !== null) follow(false)
  }, [cursor, follow])
  useEffect(() => {
    const element = box.current
    if (element === null) return
    const observer = new ResizeObserver(() => setHeight(element.clientHeight))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  const onScroll = () => {
    const element = box.current
    if (element === null || element.scrollTop === scrolled.current.top) return
    scrolled.current = { ...scrolled.current, top: element.scrollTop }
    follow(element.scrollTop <= TOP_PX && cursor === null)
    if (rows.length * ROW_PX - element.scrollTop < 2 * height) void feed.loadOlder()
    redraw((number) => number + 1)
  }
  const toTop = () => {
    scrolled.current = { ...scrolled.current, top: 0, follows: true }
    box.current?.scrollTo({ top: 0 })
    redraw((number) => number + 1)
  }
  useImperativeHandle(handle, () => ({
    focus: () => box.current?.focus({ preventScroll: true }),
    show(id) {
      box.current?.focus({ preventScroll: true })
      reveal(id)
    },
  }))
  const onClick = (event: MouseEvent) => {
    const target = event.target as Element
    const id = target.closest('[data-id]')?.getAttribute('data-id') ?? null
    if (id === null) return
    if (target.closest('.cell-mark') !== null) props.onMark(id)
    else props.onOpen(id)
  }

  const from = Math.max(0, Math.floor(top / ROW_PX) - BEYOND)
  const to = Math.min(rows.length, Math.ceil((top + height) / ROW_PX) + BEYOND)
  const seen = []
  for (let place = from; place < to; place++) {
    const at = rows.length - 1 - place
    const row = rows[at]
    if (row === undefined) continue
    seen.push(
      <RequestRow
        key={first + at}
        row={row}
        place={place}
        selected={row.id === cursor}
        open={row.id === props.open}
        marked={marked.has(row.id)}
      />,
    )
  }
  const unseen = anew || was.follows ? 0 : end - was.leftAt
  const isHere = cursor !== null && feed.list.find(cursor) >= 0
  return (
    <div className="list-frame">
      <div className="list-state">
        <span>
          {feed.loading && rows.length === 0 ? 'Loading…' : `${count(rows.length)}${feed.hasOlder ? '+' : ''} shown`}
        </span>
        {feed.paused ? (
          <button type="button" className="on" aria-pressed="true" onClick={() => feed.resume()}>
            Go on{feed.held > 0 && ` (${count(feed.held)} new)`}
          </button>
        ) : (
          <button type="button" aria-pressed="false" onClick={() => feed.pause()}>
            Pause
          </button>
        )}
        {unseen > 0 && (
          <button type="button" className="unseen-count" onClick={toTop}>
            ↑ {count(unseen)} new
          </button>
        )}
      </div>
      <div
        className="list"
        role="grid"
        aria-label="Requests, newest first"
        aria-rowcount={rows.length + 1}
        aria-activedescendant={isHere ? `row-${cursor}` : undefined}
        tabIndex={0}
        ref={box}
        onScroll={onScroll}
        onClick={onClick}
      >
        <ListHead />
        <div
          className="list-rows"
          role="rowgroup"
          style={{ height: Math.max(rows.length * ROW_PX, top === 0 ? 0 : top + height - HEAD_PX) }}
        >
          {seen}
        </div>
        {rows.length === 0 && !feed.loading && feed.problem === null && <Nothing filtered={props.filtered} />}
      </div>
    </div>
  )
})

function ListHead() {
  return (
    <div role="rowgroup" className="list-head">
      <div role="row" aria-rowindex={1} className="row head">
        <span role="columnheader" className="cell-mark">
          <span className="unseen">State</span>
        </span>
        <span role="columnheader" className="cell-method">
          Method
        </span>
        <span role="columnheader" className="cell-target">
          Target
        </span>
        <span role="columnheader" className="cell-status">
          Status
        </span>
        <span role="columnheader" className="cell-type">
          Type
        </span>
        <span role="columnheader" className="cell-tunnel">
          Tunnel
        </span>
        <span role="columnheader" className="cell-size">
          Size
        </span>
        <span role="columnheader" className="cell-time">
          Time
        </span>
        <span role="columnheader" className="cell-track">
          <span className="unseen">Timing</span>
        </span>
        <span role="columnheader" className="cell-clock">
          Started
        </span>
      </div>
    </div>
  )
}

function Nothing({ filtered }: { readonly filtered: boolean }) {
  return (
    <div className="nothing" role="row">
      <p role="gridcell">
        {filtered
          ? 'No request matches.'
          : 'No request yet. Open the public address of a tunnel, and it shows up here.'}
      </p>
    </div>
  )
}
