import { listOf, valuesOf } from './fields.js'
import type { RawHeaders } from './api.js'

const COOKIE = 'uniroute_agent'

/** The agent that a visitor's cookie names; null: none. */
export function stickyKey(headers: RawHeaders): string | null {
  for (const value of valuesOf(headers, 'cookie')) {
    for (const pair of value.split(';')) {
      const [name, key] = pair.trim().split('=')
      if (name === COOKIE && key !== undefined) return key
    }
  }
  return null
}

/** The field that makes a visitor come back to an agent; `path` is that of the tunnel. */
export function stickyCookie(key: string, path: string, secure: boolean): [string, string] {
  return ['Set-Cookie', `${COOKIE}=${key}; Path=${path}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`]
}

/** The protocol that a request wants to go over to; null: none, or only HTTP/2, which is had by ALPN (RFC 9113 §3.1). */
export function upgradeOf(headers: RawHeaders): string | null {
  if (!listOf(headers, 'connection').includes('upgrade')) return null
  const [wanted] = valuesOf(headers, 'upgrade')
  return wanted === undefined || /^h2c?$/i.test(wanted.trim()) ? null : wanted.trim()
}
