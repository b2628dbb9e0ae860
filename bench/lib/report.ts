import type { Column, Figure, Measurement } from '../measure/measurement.js'
import { TABLES, type Table } from '../tables.js'
import { checkRequirements } from './requirements.js'
import { medianOf, type Results, type RowResult } from './results.js'

/** A Markdown table: a line for each figure, a column for each tool, cells as `median (least–most)`. */
export function renderTable(
  measurements: readonly Measurement[],
  columns: readonly Pick<Column, 'id' | 'title'>[],
  rows: Record<string, RowResult>,
): string {
  const lines = [line(['', ...columns.map(({ title }) => title)]), line(['---', ...columns.map(() => '---:')])]
  for (const { id, figures } of measurements) {
    const row = rows[id]
    if (row === undefined) continue
    for (const figure of figures)
      lines.push(line([figure.title, ...columns.map((column) => cellText(row, column.id, figure))]))
  }
  return lines.join('\n')
}

/** All of RESULTS.md. */
export function renderReport(results: Results): string {
  const { machine } = results
  const programs = Object.entries(machine.programs).map(([name, version]) => `${name} ${version}`)
  const tools = Object.values(results.tools).map(({ title, version }) => `| ${title} | ${version} |`)
  return `# Results

Written by the bench (see README.md beside this file); not edited by hand.

${machine.cores} cores of ${machine.cpu}, ${machine.memoryGiB} GiB, ${machine.system}, kernel ${machine.kernel} (${machine.congestionControl}),
Node ${machine.node} with OpenSSL ${machine.openssl}, ${programs.join(', ')}.
Everything runs on this one machine: visitors, both ends of the tunnel and the upstream share its cores.

![chart](results.svg)

## Against the goals

Each against the peers of the same run. The ratio is ours to the bound; what counts is on which side of 1 it must lie.

${renderRequirements(results)}

${TABLES.map((table) => renderSection(table, results)).join('\n')}
## What was measured

| | version (commit) |
| --- | --- |
${tools.join('\n')}
`
}

function renderSection(table: Table, results: Results): string {
  const rows = results.tables[table.name]
  if (Object.keys(rows).length === 0) return `## ${table.title}\n\n\`${table.command}\`: not run yet.\n`
  const dates = [...new Set(Object.values(rows).map((row) => `${row.date}, ${row.runs} runs of ${row.seconds} s`))]
  const columns = table.columns.filter(({ id }) => Object.values(rows).some((row) => row.tools[id] !== undefined))
  const failures = Object.entries(rows).flatMap(([id, row]) =>
    Object.entries(row.tools).flatMap(([tool, { failures }]) =>
      [...new Set(failures)].map((reason) => `- ${id}, ${tool}: ${reason} (${failures.length} of ${row.runs} runs)`),
    ),
  )
  return `## ${table.title}

\`${table.command}\`. Medians (least–most) of interleaved runs: ${dates.join('; ')}.

${renderTable(table.measurements, columns, rows)}
${failures.length > 0 ? `\nFailed:\n\n${failures.join('\n')}\n` : ''}`
}

function renderRequirements(results: Results): string {
  const lines = [line(['goal', 'ours', 'bound', 'ratio', '']), line(['---', '---:', '---:', '---:', '---'])]
  for (const { text, ours, bound, met } of checkRequirements(results)) {
    const ratio = ours === null || bound === null ? '–' : (ours / bound).toFixed(2)
    const verdict = met === null ? 'not measured' : met ? 'pass' : '**miss**'
    lines.push(line([text, numberText(ours), numberText(bound), ratio, verdict]))
  }
  return lines.join('\n')
}

function cellText(row: RowResult, column: string, figure: Figure): string {
  const cell = row.tools[column]
  const middle = medianOf(row, column, figure.key)
  if (cell === undefined) return '–'
  if (middle === null) return cell.failures.length > 0 ? 'failed' : '–'
  const values = cell.figures[figure.key] ?? []
  const text = (value: number): string => value.toFixed(figure.digits)
  const failed = cell.failures.length > 0 ? `, ${cell.failures.length} failed` : ''
  if (values.length === 1) return text(middle) + failed
  return `${text(middle)} (${text(Math.min(...values))}–${text(Math.max(...values))}${failed})`
}

function numberText(value: number | null): string {
  return value === null ? '–' : String(value >= 1000 ? Math.round(value) : Number(value.toPrecision(4)))
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}
