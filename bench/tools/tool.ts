import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Place, Ports } from '../lib/place.js'
import { waitForEcho } from '../lib/sockets.js'
import type { Column, Ends } from '../measure/measurement.js'

/** A way from a visitor to the upstreams: a tunnel, or none. */
export interface Tool extends Column {
  /** Why it cannot run here, or null. */
  missing(place: Pick<Place, 'isolated'>): string | null
  start(place: Place): Promise<Tunnel>
}

/** A running tunnel. */
export interface Tunnel extends Ends {
  /** Where visitors connect. */
  host: string
  ports: Ports
  /** What only our own server tells. */
  uniroute?: { tls: string; token: string; ca: string }
}

/** Path of a program on PATH, or null. */
export function onPath(name: string): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file)) ?? null
}

/** "not on PATH" for the first of the programs that is not there, or null. */
export function missingProgram(...names: string[]): string | null {
  const name = names.find((candidate) => onPath(candidate) === null)
  return name === undefined ? null : `${name} is not on PATH`
}

/**
 * What the program prints as its version, as far as `pattern` matches, and the commit that it was built from
 * when a file `<program>.commit` lies beside it.
 */
export function versionOf(name: string, args: string[], pattern: RegExp): string {
  const path = onPath(name)
  if (path === null) return 'absent'
  const printed = execFileSync('/bin/sh', ['-c', '"$0" "$@" 2>&1 || true', path, ...args], { encoding: 'utf8' })
  const note = `${path}.commit`
  const commit = existsSync(note) ? ` (${readFileSync(note, 'utf8').trim()})` : ''
  return (pattern.exec(printed)?.[0] ?? 'unknown') + commit
}

/** Resolves when the echo service answers through the tunnel; throws with the end of a log when a program ended. */
export async function waitUntilReady(tunnel: Tunnel): Promise<Tunnel> {
  await waitForEcho({ host: tunnel.host, port: tunnel.ports.echo }, () => {
    const dead = [...tunnel.server, ...tunnel.agent].find((program) => program.ended)
    if (dead !== undefined) throw new Error(`${dead.name} ended: ${dead.reason()}`)
  })
  return tunnel
}
