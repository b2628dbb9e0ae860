import { memo } from 'react'
import type { ExchangeState } from '../../inspector/contract.js'

export type Tone = 'open' | 'good' | 'moved' | 'client' | 'server' | 'cut'

export function toneOf(status: number | null, state: ExchangeState): Tone {
  if (state === 'cut') return 'cut'
  if (status === null || state === 'open') return 'open'
  if (status < 300) return 'good'
  if (status < 400) return 'moved'
  return status < 500 ? 'client' : 'server'
}

const WORDS: Readonly<Record<Tone, string>> = {
  open: 'under way',
  good: 'answered',
  moved: 'redirected',
  client: 'refused',
  server: 'failed',
  cut: 'cut off',
}

/** A station on the track: its shape says what its colour says. */
export const Station = memo(function Station({ tone }: { readonly tone: Tone }) {
  return (
    <svg
      className={`station tone-${tone}`}
      viewBox="0 0 12 12"
      width="14"
      height="14"
      role="img"
      aria-label={WORDS[tone]}
    >
      {tone === 'good' && <circle cx="6" cy="6" r="3.6" className="full" />}
      {tone === 'open' && <circle cx="6" cy="6" r="3.4" className="ring" />}
      {tone === 'moved' && <path d="M6 1.8 10.2 6 6 10.2 1.8 6Z" className="ring" />}
      {tone === 'client' && <path d="M6 1.8 10.8 10.2H1.2Z" className="full" />}
      {tone === 'server' && <rect x="2.2" y="2.2" width="7.6" height="7.6" className="full" />}
      {tone === 'cut' && <path d="M2.5 2.5 9.5 9.5M9.5 2.5 2.5 9.5" className="cross" />}
    </svg>
  )
})

/** Three lines that become one. */
export function Logo() {
  return (
    <svg className="logo" viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
      <g className="rails">
        <path d="M3 7h6c7 0 7 9 14 9h6" />
        <path d="M3 16h26" />
        <path d="M3 25h6c7 0 7-9 14-9" />
      </g>
      <circle cx="22" cy="16" r="4" />
    </svg>
  )
}
