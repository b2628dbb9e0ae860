import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Table } from '../tables.js'
import { machineFacts, type MachineFacts } from './machine.js'
import { repository } from './repository.js'
import { median } from './stats.js'

/** Every run's value of each figure of one tool; `failures` are the runs that gave none. */
export interface Cell {
  figures: Record<string, number[]>
  failures: string[]
}

/** One measurement: all its columns were measured in the same run. */
export interface RowResult {
  date: string
  runs: number
  seconds: number
  tools: Record<string, Cell>
}

/** What results/figures.json holds: the source of RESULTS.md and results.svg. */
export interface Results {
  machine: MachineFacts
  /** Title and version of each tool by its id. */
  tools: Record<string, { title: string; version: string; encrypted: boolean }>
  tables: Record<Table['name'], Record<string, RowResult>>
}

const folder = join(repository, 'bench', 'results')
const file = join(folder, 'figures.json')

/** The results so far, with the facts of the machine as it is now. */
export function loadResults(): Results {
  const none: Results['tables'] = { loopback: {}, http: {}, wan: {}, multiplexer: {} }
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results) : null
  return { tools: before?.tools ?? {}, tables: { ...none, ...before?.tables }, machine: machineFacts() }
}

export function saveResults(results: Results): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, `${JSON.stringify(results, null, 1)}\n`)
}

/** Collects the values of one row. */
export class RowBuilder {
  readonly #tools: Record<string, Cell> = {}

  add(tool: string, figures: Record<string, number>): void {
    const cell = this.#cell(tool)
    for (const [key, value] of Object.entries(figures)) (cell.figures[key] ??= []).push(round(value))
  }

  fail(tool: string, reason: string): void {
    this.#cell(tool).failures.push(reason)
  }

  result(runs: number, seconds: number): RowResult {
    return { date: new Date().toISOString().slice(0, 10), runs, seconds, tools: this.#tools }
  }

  #cell(tool: string): Cell {
    return (this.#tools[tool] ??= { figures: {}, failures: [] })
  }
}

/** The median of a figure, or null when no run gave one. */
export function medianOf(row: RowResult | undefined, tool: string, key: string): number | null {
  const values = row?.tools[tool]?.figures[key]
  return values === undefined || values.length === 0 ? null : median(values)
}

function round(value: number): number {
  return Number(value.toPrecision(5))
}
