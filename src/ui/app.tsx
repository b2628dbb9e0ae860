import { useEffect, useState } from 'react'
import { ConnectionsPage } from './tunnels/connections-page.js'
import type { Feeds } from './feeds.js'
import { useEmitter } from './live/use-emitter.js'
import { Boundary } from './parts/bits.js'
import { Help } from './parts/help.js'
import { isTyping, useKeys } from './parts/keys.js'
import { Logo } from './parts/marks.js'
import { applyTheme, readTheme, type Theme } from './parts/theme.js'
import { RequestsPage } from './requests/requests-page.js'
import { navigate, PAGES, routeHash, useRoute, type PageName } from './router.js'
import { SuitesPage } from './suites/suites-page.js'
import { count, duration } from './text/format.js'
import { TunnelsPage } from './tunnels/tunnels-page.js'

const TITLES: Readonly<Record<PageName, string>> = {
  requests: 'Requests',
  tunnels: 'Tunnels',
  connections: 'Connections',
  suites: 'Suites',
}

export function App({ feeds }: { readonly feeds: Feeds }) {
  const route = useRoute()
  const [help, setHelp] = useState(false)
  useEffect(() => {
    document.title = `${TITLES[route.page]} · UniRoute inspector`
  }, [route.page])
  useKeys((event) => {
    if (isTyping(event)) return false
    const page = PAGES[Number(event.key) - 1]
    if (event.key === '?') setHelp(true)
    else if (page !== undefined) navigate(routeHash(page))
    else return false
    return true
  })
  return (
    <>
      <header className="top">
        <a className="brand" href="#/requests">
          <Logo />
          <span className="word">
            UniRoute<span className="sub"> inspector</span>
          </span>
        </a>
        <nav aria-label="Pages">
          {PAGES.map((page) => (
            <a key={page} href={routeHash(page)} aria-current={page === route.page ? 'page' : undefined}>
              {TITLES[page]}
            </a>
          ))}
        </nav>
        <Session feeds={feeds} />
        <ThemeSwitch />
        <button type="button" className="icon" onClick={() => setHelp(true)} aria-label="Keys">
          ?
        </button>
      </header>
      <LiveProblem feeds={feeds} />
      <main className={`page page-${route.page}`}>
        <Boundary of={route.page}>
          {route.page === 'requests' && <RequestsPage feeds={feeds} route={route} />}
          {route.page === 'tunnels' && <TunnelsPage feeds={feeds} />}
          {route.page === 'connections' && <ConnectionsPage feed={feeds.connections} />}
          {route.page === 'suites' && <SuitesPage name={route.id} />}
        </Boundary>
      </main>
      {help && <Help onClose={() => setHelp(false)} />}
    </>
  )
}

/** The session with the server, in a few characters. */
function Session({ feeds }: { readonly feeds: Feeds }) {
  useEmitter(feeds.status)
  useEmitter(feeds.live)
  const { status } = feeds.status
  const state = feeds.live.state === 'open' ? (status?.state ?? 'connecting') : 'no answer'
  return (
    <div
      className={`session session-${state === 'online' ? 'good' : 'bad'}`}
      title={status === null ? '' : `Server ${status.server}`}
    >
      <span className="lamp" aria-hidden="true" />
      <span>{state}</span>
      {state === 'online' && status?.rttMs !== null && <span className="rtt"> {duration(status?.rttMs ?? null)}</span>}
    </div>
  )
}

/** Said once, above every page, while nothing new can come. */
function LiveProblem({ feeds }: { readonly feeds: Feeds }) {
  useEmitter(feeds.live)
  const { state, garbled } = feeds.live
  return (
    <div className="live-problem" role="status">
      {state === 'lost' && <p>The agent does not answer. What is shown may be old; it is asked again and again.</p>}
      {garbled > 0 && <p>{count(garbled)} of the agent’s messages could not be read.</p>}
    </div>
  )
}

const NEXT: Readonly<Record<Theme, Theme>> = { system: 'light', light: 'dark', dark: 'system' }
const THEME_SIGNS: Readonly<Record<Theme, string>> = { system: '◐', light: '○', dark: '●' }

function ThemeSwitch() {
  const [theme, setTheme] = useState(readTheme)
  const turn = () => {
    applyTheme(NEXT[theme])
    setTheme(NEXT[theme])
  }
  return (
    <button type="button" className="icon" onClick={turn} aria-label={`Theme: ${theme}`} title={`Theme: ${theme}`}>
      <span aria-hidden="true">{THEME_SIGNS[theme]}</span>
    </button>
  )
}
