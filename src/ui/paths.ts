import { API } from './api.js'
import { filterQuery, type Filter } from './text/filter-text.js'

/* Where in the API things are; those without `API` in front are for `ask`. */

export type Side = 'request' | 'response'

export function exchangePath(id: string): string {
  return `/exchanges/${encodeURIComponent(id)}`
}

/** `decoded`: without its content codings, as far as they could be undone. */
export function bodyPath(id: string, side: Side, decoded: boolean): string {
  return `${exchangePath(id)}/${side}/body${decoded ? '' : '?raw=1'}`
}

export function copyPath(id: string, form: 'curl' | 'fetch' | 'httpie'): string {
  return `${exchangePath(id)}/copy?as=${form}`
}

export function messagesPath(id: string, after: number, limit: number): string {
  return `${exchangePath(id)}/messages?after=${after}&limit=${limit}`
}

/** A URL that a browser downloads: those that match, or those with these ids. */
export function harUrl(what: { readonly filter: Filter } | { readonly ids: readonly string[] }): string {
  const query = 'filter' in what ? filterQuery(what.filter) : new URLSearchParams(what.ids.map((id) => ['id', id]))
  const text = query.toString()
  return `${API}/exchanges.har${text === '' ? '' : `?${text}`}`
}

export function suitePath(name: string): string {
  return `/suites/${encodeURIComponent(name)}`
}
