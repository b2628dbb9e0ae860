import type { Place } from '../lib/place.js'
import { cpuSeconds } from '../lib/proc.js'
import type { Program } from '../lib/processes.js'
import type { Tunnel } from '../tools/tool.js'

/** One line of a table. */
export interface Figure {
  key: string
  title: string
  better: 'more' | 'less'
  /** Digits after the point. */
  digits: number
}

/** One column of a table: a tunnel, or a multiplexer. */
export interface Column {
  /** Short and unique: TOOLS=… chooses by it. */
  id: string
  title: string
  encrypted: boolean
  /** Measurements (by id) that it makes sense for; all when absent. */
  rows?: (measurement: string) => boolean
  version(): string
}

/** What is measured in one go; it gives one or several figures. */
export interface Measurement {
  /** ONLY=… chooses by it. */
  id: string
  figures: readonly Figure[]
  /** Columns (by id) that it makes sense for; all when absent. */
  only?: (column: string) => boolean
}

/** A measurement of a fresh tunnel. */
export interface TunnelMeasurement extends Measurement {
  run(tunnel: Tunnel, place: Place, seconds: number): Promise<Record<string, number>>
}

/** The programs of a tunnel. */
export interface Ends {
  server: Program[]
  agent: Program[]
}

/** Pids of both ends, whose children are counted with them. */
export function bothEnds({ server, agent }: Ends): number[] {
  return [...server, ...agent].map((program) => program.pid)
}

/** Runs `work` and tells how many CPU seconds both ends of the tunnel used meanwhile. */
export async function withCpu<T>(tunnel: Tunnel, work: () => Promise<T>): Promise<{ result: T; cpu: number }> {
  const before = cpuSeconds(bothEnds(tunnel))
  const result = await work()
  return { result, cpu: cpuSeconds(bothEnds(tunnel)) - before }
}
