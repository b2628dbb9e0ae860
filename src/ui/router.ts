import { useSyncExternalStore } from 'react'

export type PageName = 'requests' | 'tunnels' | 'connections' | 'suites'

export const PAGES: readonly PageName[] = ['requests', 'tunnels', 'connections', 'suites']

/** `#/requests/ID?q=…`: which page, what on it, and the rest of what it shows. */
export interface Route {
  readonly page: PageName
  /** The exchange or suite that is open; null: none. */
  readonly id: string | null
  readonly query: URLSearchParams
}

export function parseRoute(hash: string): Route {
  const [path = '', search = ''] = hash.replace(/^#/, '').split(/\?(.*)/s)
  const [, page, id] = path.split('/')
  return {
    page: PAGES.find((name) => name === page) ?? 'requests',
    id: id === undefined || id === '' ? null : decoded(id),
    query: new URLSearchParams(search),
  }
}

export function routeHash(page: PageName, id: string | null = null, query: URLSearchParams | null = null): string {
  const search = query?.toString() ?? ''
  return `#/${page}${id === null ? '' : `/${encodeURIComponent(id)}`}${search === '' ? '' : `?${search}`}`
}

/** Goes there; `replace` leaves no step in the history of the browser. */
export function navigate(hash: string, replace = false): void {
  if (hash === location.hash) return
  if (replace) history.replaceState(null, '', hash)
  else history.pushState(null, '', hash)
  for (const listener of listeners) listener()
}

export function useRoute(): Route {
  useSyncExternalStore(subscribe, () => location.hash)
  if (location.hash !== lastHash) {
    lastHash = location.hash
    lastRoute = parseRoute(lastHash)
  }
  return lastRoute
}

const listeners = new Set<() => void>()
let lastHash = ''
let lastRoute = parseRoute('')

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  window.addEventListener('popstate', listener)
  window.addEventListener('hashchange', listener)
  return () => {
    listeners.delete(listener)
    window.removeEventListener('popstate', listener)
    window.removeEventListener('hashchange', listener)
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
