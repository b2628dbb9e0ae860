import type { RawHeaders } from './api.js'
import { listOf, valuesOf } from './fields.js'
import type { TargetMember } from './target.js'

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

/** The field that makes a visitor come back to the agent that served him; none when his own cookie names it already. */
export function stickyCookie(member: TargetMember | undefined, key: string | null, secure: boolean): readonly string[] {
  if (member === undefined || !member.pool.balance.sticky || key === member.key) return []
  const { path } = member.pool
  return ['Set-Cookie', `${COOKIE}=${member.key}; Path=${path}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`]
}

/** The protocol that a request wants to go over to; null: none, or only HTTP/2, which is had by ALPN (RFC 9113 §3.1). */
export function upgradeOf(headers: RawHeaders): string | null {
  if (!listOf(headers, 'connection').includes('upgrade')) return null
  const [wanted] = valuesOf(headers, 'upgrade')
  return wanted === undefined || /^h2c?$/i.test(wanted.trim()) ? null : wanted.trim()
}
