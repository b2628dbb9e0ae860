import { memo } from 'react'
import type { Timing } from '../../inspector/contract.js'
import { duration } from '../text/format.js'

const SCALE_MS = 30_000

/** How much of the track a duration takes, 0 to 1: logarithmic, so that 2 ms and 20 s are both seen. */
function extent(ms: number): number {
  return Math.min(1, Math.log10(1 + ms) / Math.log10(1 + SCALE_MS))
}

/** The timing of a row: how long by its length, of what by its colours. */
export const Track = memo(function Track({ timing }: { readonly timing: Timing }) {
  const { sendingMs, waitingMs, receivingMs, totalMs } = timing
  const known = [sendingMs ?? 0, waitingMs ?? 0, receivingMs ?? 0] as const
  const total = totalMs ?? known[0] + known[1] + known[2]
  const sum = Math.max(known[0] + known[1] + known[2], 0.001)
  const whole = 76 * Math.max(extent(total), 0.03)
  const [a, b] = [(whole * known[0]) / sum, (whole * known[1]) / sum]
  return (
    <svg className="track" viewBox="0 0 76 8" width="76" height="8" aria-hidden="true">
      <path d="M0 4H76" className="rail" />
      <rect className="sending" x="0" y="1.5" width={a} height="5" />
      <rect className="waiting" x={a} y="1.5" width={b} height="5" />
      <rect className="receiving" x={a + b} y="1.5" width={Math.max(0, whole - a - b)} height="5" />
    </svg>
  )
})

const PARTS = [
  ['sending', 'Sending', 'from the first byte of the request until all of it was there'],
  ['waiting', 'Waiting', 'until the first byte of the answer'],
  ['receiving', 'Receiving', 'from the first byte of the answer to its last'],
] as const

/** Where the time of a request went. */
export function TimingBar({ timing }: { readonly timing: Timing }) {
  return (
    <Shares
      parts={{ sending: timing.sendingMs, waiting: timing.waitingMs, receiving: timing.receivingMs }}
      total={timing.totalMs}
    />
  )
}

interface SharesProps {
  readonly parts: Readonly<Record<(typeof PARTS)[number][0], number | null>>
  readonly total: number | null
}

/** Three parts of a time, to scale and in numbers. */
export function Shares({ parts, total }: SharesProps) {
  const sum = PARTS.reduce((all, [key]) => all + (parts[key] ?? 0), 0)
  return (
    <div className="shares">
      <svg className="shares-bar" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">
        {PARTS.map(([key], index) => {
          const before = PARTS.slice(0, index).reduce((all, [other]) => all + (parts[other] ?? 0), 0)
          return (
            <rect
              key={key}
              className={key}
              x={sum === 0 ? 0 : (1000 * before) / sum}
              width={sum === 0 ? 0 : (1000 * (parts[key] ?? 0)) / sum}
              height="10"
            />
          )
        })}
      </svg>
      <dl>
        {PARTS.map(([key, word, title]) => (
          <div key={key} title={title}>
            <dt>
              <span className={`swatch ${key}`} aria-hidden="true" />
              {word}
            </dt>
            <dd>{duration(parts[key])}</dd>
          </div>
        ))}
        {total !== null && (
          <div>
            <dt>Total</dt>
            <dd>{duration(total)}</dd>
          </div>
        )}
      </dl>
    </div>
  )
}
