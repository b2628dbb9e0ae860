interface Line {
  readonly className: string
  readonly label: string
  /** Null: not known then. */
  readonly values: readonly (number | null)[]
}

interface Props {
  readonly title: string
  /** Places in the chart; lines with fewer values begin further right. */
  readonly points: number
  readonly lines: readonly Line[]
  format(value: number): string
}

const WIDTH = 300
const HEIGHT = 64

/** How something was over the last minutes: lines from zero up to the greatest value, which is written beside. */
export function Chart({ title, points, lines, format }: Props) {
  const greatest = Math.max(0, ...lines.flatMap(({ values }) => values.map((value) => value ?? 0)))
  const top = niceAbove(greatest)
  const words = lines
    .map(({ label, values }) => {
      const last = values.at(-1) ?? null
      return `${label} ${last === null ? 'unknown' : format(last)}`
    })
    .join(', ')
  return (
    <figure className="chart">
      <figcaption>
        <span className="chart-title">{title}</span>
        {lines.map(({ className, label, values }) => {
          const last = values.at(-1) ?? null
          return (
            <span key={label} className={`chart-now ${className}`}>
              {lines.length > 1 && <span className="chart-label">{label}</span>}
              <b>{last === null ? '–' : format(last)}</b>
            </span>
          )
        })}
      </figcaption>
      <div className="chart-plot">
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={`${title}: ${words}`}>
          <path className="grid" d={`M0 .5H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}M0 ${HEIGHT - 0.5}H${WIDTH}`} />
          {lines.map(({ className, label, values }) => (
            <path key={label} className={`line ${className}`} d={pathOf(values, points, top)} />
          ))}
        </svg>
        <span className="chart-top">{greatest === 0 ? '' : format(top)}</span>
      </div>
    </figure>
  )
}

function pathOf(values: readonly (number | null)[], points: number, top: number): string {
  let path = ''
  let pen = 'M'
  values.forEach((value, index) => {
    if (value === null) {
      pen = 'M'
      return
    }
    const x = WIDTH - ((values.length - 1 - index) * WIDTH) / Math.max(1, points - 1)
    path += `${pen}${x.toFixed(1)} ${(HEIGHT - 1 - ((HEIGHT - 2) * value) / top).toFixed(1)}`
    pen = 'L'
  })
  return path
}

/** 1, 2 or 5 times a power of ten, at or above the value. */
function niceAbove(value: number): number {
  if (value <= 0) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  return [1, 2, 5, 10].map((factor) => factor * power).find((nice) => nice >= value) ?? value
}
