import { HTTP_TOOLS } from './http/index.js'
import { HTTP } from './measure/http.js'
import { LOOPBACK } from './measure/index.js'
import type { Column, Measurement } from './measure/measurement.js'
import { MULTIPLEXER_COLUMNS, MULTIPLEXER_MEASUREMENTS } from './measure/multiplexer.js'
import { LOOPBACK_TOOLS, WAN_TOOLS } from './tools/index.js'
import { WAN } from './wan/scenarios.js'

export interface Table {
  name: 'loopback' | 'http' | 'wan' | 'multiplexer'
  title: string
  command: string
  measurements: readonly Measurement[]
  columns: readonly Column[]
}

/** The tables of RESULTS.md, in its order. */
export const TABLES: readonly Table[] = [
  {
    name: 'loopback',
    title: 'On one machine',
    command: 'make bench',
    measurements: LOOPBACK,
    columns: LOOPBACK_TOOLS,
  },
  {
    name: 'http',
    title: 'HTTP, on one machine',
    command: 'make bench',
    measurements: HTTP,
    columns: HTTP_TOOLS,
  },
  {
    name: 'wan',
    title: 'Over 50 ms and 500 Mbit/s',
    command: 'make bench-wan',
    measurements: WAN,
    columns: WAN_TOOLS,
  },
  {
    name: 'multiplexer',
    title: 'The multiplexer alone, over a loopback socket',
    command: 'make bench',
    measurements: MULTIPLEXER_MEASUREMENTS,
    columns: MULTIPLEXER_COLUMNS,
  },
]
