import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Column } from '../measure/measurement.js'
import { TABLES, type Table } from '../tables.js'
import { drawChart } from './chart.js'
import type { Choice } from './choice.js'
import { renderReport, renderTable } from './report.js'
import { repository } from './repository.js'
import { loadResults, saveResults, type RowResult } from './results.js'

/** Prints the table of what was measured; when all columns ran at least three times, also writes the result files. */
export function publish(
  name: Table['name'],
  rows: Record<string, RowResult>,
  columns: readonly Column[],
  choice: Choice,
): void {
  if (Object.keys(rows).length === 0 || columns.length === 0) return
  const measurements = TABLES.find((table) => table.name === name)?.measurements ?? []
  console.log(`\n${renderTable(measurements, columns, rows)}`)
  if (!choice.complete) return console.log('\nRESULTS.md was not touched: it takes 3 runs or more, of all tools.')
  const results = loadResults()
  for (const { id, title, encrypted, version } of columns) results.tools[id] = { title, version: version(), encrypted }
  Object.assign(results.tables[name], rows)
  saveResults(results)
  writeFileSync(join(repository, 'bench', 'RESULTS.md'), renderReport(results))
  writeFileSync(join(repository, 'bench', 'results.svg'), drawChart(results))
}
