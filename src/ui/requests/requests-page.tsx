import { useEffect, useMemo, useRef, useState } from 'react'
import type { ExchangeSummary } from '../../inspector/contract.js'
import { DetailPane, type DetailMode } from '../detail/detail-pane.js'
import type { Feeds } from '../feeds.js'
import { useEmitter } from '../live/use-emitter.js'
import { Boundary, Problem } from '../parts/bits.js'
import { isTyping, useKeys } from '../parts/keys.js'
import { navigate, routeHash, type Route } from '../router.js'
import { counted } from '../text/format.js'
import { parseFilter } from '../text/filter-text.js'
import { FilterBar } from './filter-bar.js'
import { MarkedBar } from './marked-bar.js'
import { RequestList, type ListHandle } from './request-list.js'

export function RequestsPage({ feeds, route }: { readonly feeds: Feeds; readonly route: Route }) {
  const feed = feeds.requests
  useEmitter(feed)
  const text = route.query.get('q') ?? ''
  const filter = useMemo(() => parseFilter(text), [text])
  useEffect(() => feed.setFilter(filter), [feed, filter])

  const [cursor, setCursor] = useState<string | null>(route.id)
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set())
  const [mode, setMode] = useState<DetailMode>('view')
  const list = useRef<ListHandle>(null)
  const search = useRef<HTMLInputElement>(null)
  const open = route.id
  useEffect(() => {
    if (open !== null) setCursor(open)
    setMode('view')
  }, [open])

  const query = text === '' ? null : new URLSearchParams({ q: text })
  const show = (id: string | null, replace = false) => navigate(routeHash('requests', id, query), replace)
  const onFilter = (next: string) => {
    navigate(routeHash('requests', open, next === '' ? null : new URLSearchParams({ q: next })), true)
  }
  const select = (row: ExchangeSummary | undefined) => {
    if (row === undefined) return
    setCursor(row.id)
    list.current?.show(row.id)
    if (open !== null) show(row.id, true)
  }
  const step = (by: number) => {
    const { rows } = feed.list
    const at = cursor === null ? -1 : feed.list.find(cursor)
    select(at < 0 ? rows.at(-1) : rows[Math.max(0, Math.min(rows.length - 1, at - by))])
    if (at >= 0 && at - by < 0) void feed.loadOlder()
  }
  const toggleMark = (id: string) => {
    const next = new Set(marked)
    if (!next.delete(id)) next.add(id)
    setMarked(next)
  }
  const openAs = (next: DetailMode) => {
    if (cursor === null) return
    if (open !== cursor) show(cursor)
    setTimeout(() => setMode(next)) // after the effect of opening
  }
  useKeys((event) => {
    if (event.key === 'Escape' && !(event.target instanceof HTMLElement && event.target.closest('dialog') !== null)) {
      if (mode !== 'view') setMode('view')
      else if (isTyping(event)) search.current?.blur()
      else if (open !== null) show(null)
      else return false
      return true
    }
    if (isTyping(event)) return false
    switch (event.key) {
      case 'j':
        step(1)
        return true
      case 'k':
        step(-1)
        return true
      case 'ArrowDown':
      case 'ArrowUp':
        // Elsewhere the arrows scroll.
        if (event.target instanceof HTMLElement && event.target.closest('.requests-detail') !== null) return false
        step(event.key === 'ArrowDown' ? 1 : -1)
        return true
      case 'Enter':
        // Enter on a button or link is that one's own.
        if (cursor === null || (event.target instanceof HTMLElement && event.target.matches('button, a, summary')))
          return false
        show(cursor)
        return true
      case '/':
        search.current?.focus()
        search.current?.select()
        return true
      case 'r':
        openAs('replay')
        return true
      case 'e':
        openAs('edit')
        return true
      case 'x':
        if (cursor !== null) toggleMark(cursor)
        return true
      case 'p':
        if (feed.paused) feed.resume()
        else feed.pause()
        return true
      default:
        return false
    }
  })

  return (
    <div className={open === null ? 'requests' : 'requests with-detail'}>
      <section className="requests-list" aria-label="Requests">
        {open === null && <h1 className="unseen">Requests</h1>}
        <FilterBar ref={search} text={text} onText={onFilter} onEnter={() => list.current?.focus()} feeds={feeds} />
        {feed.problem !== null && <Problem again={() => feed.setFilter(filter)}>{feed.problem.message}</Problem>}
        {marked.size > 0 && <MarkedBar marked={marked} onClear={() => setMarked(new Set())} />}
        <RequestList
          ref={list}
          feed={feed}
          filtered={text !== ''}
          cursor={cursor}
          open={open}
          marked={marked}
          onOpen={(id) => {
            setCursor(id)
            show(id)
          }}
          onMark={toggleMark}
        />
        <Announcer feeds={feeds} />
      </section>
      {open !== null && (
        <section className="requests-detail" aria-label="Request">
          <Boundary of={open}>
            <DetailPane
              key={open}
              id={open}
              feeds={feeds}
              mode={mode}
              onMode={setMode}
              marked={marked.has(open)}
              onMark={() => toggleMark(open)}
              onClose={() => show(null)}
              onOpen={(id) => show(id)}
            />
          </Boundary>
        </section>
      )}
    </div>
  )
}

const ANNOUNCE_MS = 5000

/** Tells those who listen how many came, at most every few seconds. */
function Announcer({ feeds }: { readonly feeds: Feeds }) {
  const [words, setWords] = useState('')
  useEffect(() => {
    let told = feeds.requests.arrived
    const timer = setInterval(() => {
      const { arrived } = feeds.requests
      if (arrived !== told) setWords(counted(arrived - told, 'new request'))
      told = arrived
    }, ANNOUNCE_MS)
    return () => clearInterval(timer)
  }, [feeds])
  return (
    <p className="unseen" role="status">
      {words}
    </p>
  )
}
