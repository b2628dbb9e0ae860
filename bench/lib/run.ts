import type { Column, Measurement } from '../measure/measurement.js'
import type { Choice } from './choice.js'
import { RowBuilder, type RowResult } from './results.js'

/** Measures one cell: one tool, one measurement, one run. */
export type MeasureCell<C, M> = (column: C, measurement: M) => Promise<Record<string, number>>

/**
 * Runs every chosen measurement over every chosen tool, `runs` times, interleaved: run by run, then measurement by
 * measurement, then tool by tool, so that whatever else happens on the machine hits all tools alike. A failure stands
 * in the table and does not end the run.
 */
export async function runAll<C extends Column, M extends Measurement>(
  measurements: readonly M[],
  columns: readonly C[],
  choice: Choice,
  measure: MeasureCell<C, M>,
): Promise<Record<string, RowResult>> {
  const chosen = measurements.filter(({ id }) => choice.rows(id))
  const rows = new Map(chosen.map(({ id }) => [id, new RowBuilder()]))
  for (let run = 1; run <= choice.runs; run++) {
    for (const measurement of chosen) {
      for (const column of columns.filter((each) => belongs(measurement, each))) {
        const start = performance.now()
        const words = await oneCell(measurement, column, rows.get(measurement.id), measure)
        const took = ((performance.now() - start) / 1000).toFixed(0)
        console.log(
          `run ${run}/${choice.runs}  ${measurement.id.padEnd(16)} ${column.id.padEnd(14)} ${words}  [${took} s]`,
        )
      }
    }
  }
  return Object.fromEntries([...rows].map(([id, row]) => [id, row.result(choice.runs, choice.seconds)]))
}

function belongs(measurement: Measurement, column: Column): boolean {
  return (measurement.only?.(column.id) ?? true) && (column.rows?.(measurement.id) ?? true)
}

async function oneCell<C extends Column, M extends Measurement>(
  measurement: M,
  column: C,
  row: RowBuilder | undefined,
  measure: MeasureCell<C, M>,
): Promise<string> {
  try {
    const figures = await measure(column, measurement)
    row?.add(column.id, figures)
    return Object.entries(figures)
      .map(([key, value]) => `${key} ${Number(value.toPrecision(4))}`)
      .join('  ')
  } catch (error) {
    const reason = (error as Error).message
    row?.fail(column.id, reason)
    return `failed: ${reason}`
  }
}
