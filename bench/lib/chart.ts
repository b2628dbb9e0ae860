import type { Figure } from '../measure/measurement.js'
import { TABLES } from '../tables.js'
import { medianOf, type Results } from './results.js'

const PANEL = { width: 440, bar: 16, gap: 4, head: 34, foot: 14, label: 130, value: 64 }
const COLUMNS = 2
const OURS = 'uniroute'

interface Bar {
  id: string
  title: string
  value: number
  text: string
}

interface Panel {
  title: string
  bars: Bar[]
}

/** A panel for each first figure of each row; the bars are medians, ours in colour, those without encryption pale. */
export function drawChart(results: Results): string {
  const panels = panelsOf(results)
  const heights = panels.map((panel) => PANEL.head + panel.bars.length * (PANEL.bar + PANEL.gap) + PANEL.foot)
  const bottoms = Array.from({ length: COLUMNS }, () => 10)
  const shapes = panels.map((panel, index) => {
    const column = bottoms.indexOf(Math.min(...bottoms))
    const top = bottoms[column] ?? 0
    bottoms[column] = top + (heights[index] ?? 0)
    return drawPanel(panel, 10 + column * (PANEL.width + 20), top, results)
  })
  const width = 20 + COLUMNS * (PANEL.width + 20)
  const height = Math.max(...bottoms) + 10
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#fff"/>
${shapes.join('\n')}
</svg>
`
}

function panelsOf(results: Results): Panel[] {
  return TABLES.flatMap((table) =>
    table.measurements.flatMap(({ id, figures }) => {
      const row = results.tables[table.name][id]
      const figure = figures[0]
      if (row === undefined || figure === undefined) return []
      const bars = table.columns.flatMap((column): Bar[] => {
        const value = medianOf(row, column.id, figure.key)
        if (value === null || column.id === 'direct') return []
        return [{ id: column.id, title: column.title, value, text: value.toFixed(figure.digits) }]
      })
      return [{ title: panelTitle(figure), bars: bars.sort(best(figure)) }]
    }),
  )
}

function panelTitle(figure: Figure): string {
  return `${figure.title} (${figure.better} is better)`
}

function best(figure: Figure): (a: Bar, b: Bar) => number {
  return (a, b) => (figure.better === 'more' ? b.value - a.value : a.value - b.value)
}

function drawPanel(panel: Panel, x: number, y: number, results: Results): string {
  const most = Math.max(...panel.bars.map((bar) => bar.value))
  const room = PANEL.width - PANEL.label - PANEL.value
  const bars = panel.bars.map((bar, index) => {
    const top = y + PANEL.head + index * (PANEL.bar + PANEL.gap)
    const length = most > 0 ? Math.max(1, (bar.value / most) * room) : 1
    const middle = top + PANEL.bar - 4
    return `<text x="${x + PANEL.label - 6}" y="${middle}" text-anchor="end">${escape(bar.title)}</text>
<rect x="${x + PANEL.label}" y="${top}" width="${length.toFixed(1)}" height="${PANEL.bar}" fill="${colour(bar.id, results)}"/>
<text x="${(x + PANEL.label + length + 5).toFixed(1)}" y="${middle}">${bar.text}</text>`
  })
  return `<text x="${x}" y="${y + 22}" font-weight="bold">${escape(panel.title)}</text>\n${bars.join('\n')}`
}

function colour(id: string, results: Results): string {
  if (id.startsWith(OURS)) return '#d9480f'
  return results.tools[id]?.encrypted === false ? '#d0d5da' : '#7b8794'
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
