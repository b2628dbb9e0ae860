import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { eventually } from './hang.js'
import { freePort, program, temporaryFolder, type Owner } from './places.js'
import { must, Process } from './processes.js'

/** What a zone begins with. */
const HEAD = '$TTL 0\n@ SOA ns.invalid. hostmaster.invalid. 1 3600 600 86400 0\n@ NS ns.invalid.\n'

export interface KnotOptions {
  /** Where it listens; 127.0.0.1 unless told otherwise. */
  readonly address?: string
  /** A free one unless told otherwise. */
  readonly port?: number
  /** The TSIG key that may update zones. */
  readonly key?: { readonly name: string; readonly algorithm: string; readonly secret: string }
  /** The only names that it may update, relative to their zone, with all below them. */
  readonly owners?: readonly string[]
  /** The zones that it may not update all the same. */
  readonly fixed?: readonly string[]
}

/** The Knot DNS server on loopback with a configuration of its own: authoritative for the zones of a test. */
export class Knot {
  readonly port: number
  readonly process: Process
  readonly #folder: string
  readonly #control: string

  private constructor(made: { port: number; process: Process; folder: string; control: string }) {
    this.port = made.port
    this.process = made.process
    this.#folder = made.folder
    this.#control = made.control
  }

  /**
   * `zones`: the records of each, one a line as in a zone file, with or without SOA and NS; null: it has none, so that
   * each answer is SERVFAIL.
   */
  static async start(
    t: Owner,
    zones: Readonly<Record<string, string | null>>,
    options: KnotOptions = {},
  ): Promise<Knot> {
    const { address = '127.0.0.1', key, fixed = [] } = options
    const [knotd, control] = await Promise.all([program('knotd', 'knot'), program('knotc', 'knot')])
    const [folder, port] = [await temporaryFolder(t), options.port ?? (await freePort())]
    for (const [zone, records] of Object.entries(zones)) await writeZone(folder, zone, records)
    const config = `
server:
  rundir: ${folder}
  listen: ${address}@${port}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
log:
  - target: stdout
    any: info
mod-stats:
  - id: default
    request-protocol: on
${key === undefined ? '' : keySection(key, options.owners)}
database:
  storage: ${folder}
template:
  - id: default
    storage: ${folder}
    file: "%s.zone"
    semantic-checks: off
    journal-content: none
    global-module: mod-stats/default
    zonefile-load: whole
zone:
${Object.keys(zones)
  .map((zone) => `  - domain: ${zone}${key === undefined || fixed.includes(zone) ? '' : '\n    acl: updates'}`)
  .join('\n')}
`
    const file = path.join(folder, 'knot.conf')
    await writeFile(file, config)
    const process = new Process('knotd', knotd, ['-c', file])
    t.teardown(() => {
      process.kill('SIGCONT')
      return process.stop()
    })
    await process.line(/server started/)
    for (const [zone, records] of Object.entries(zones)) {
      if (records !== null) await process.line(new RegExp(`\\[${zone}\\.\\] loaded`))
    }
    return new Knot({ port, process, folder, control })
  }

  /** Gives a zone other records; returns when it answers with them. */
  async change(zone: string, records: string): Promise<void> {
    await writeZone(this.#folder, zone, records)
    await this.#knotc('-b', 'zone-reload', zone)
  }

  /** Keeps it from answering; what is sent meanwhile it answers after `wake`. */
  async freeze(): Promise<void> {
    this.process.kill('SIGSTOP')
    await eventually('the DNS server to stop', async () => {
      const status = await readFile(`/proc/${this.process.pid}/status`, 'utf8')
      if (!/^State:\s+T/m.test(status)) throw new Error(status)
    })
  }

  wake(): void {
    this.process.kill('SIGCONT')
  }

  /** How many queries came by a protocol so far. */
  async queries(protocol: 'udp4' | 'tcp4'): Promise<number> {
    const { out } = await this.#knotc('-f', 'stats', 'mod-stats.request-protocol')
    return Number(new RegExp(`\\[${protocol}\\] = (\\d+)`).exec(out)?.[1] ?? 0)
  }

  #knotc(...args: string[]) {
    return must(this.#control, ['-s', path.join(this.#folder, 'knot.sock'), ...args])
  }
}

function keySection(
  { name, algorithm, secret }: NonNullable<KnotOptions['key']>,
  owners: readonly string[] | undefined,
): string {
  const limits = `
    update-type: [TXT, A, AAAA, CNAME]
    update-owner: name
    update-owner-match: sub-or-equal
    update-owner-name: [${owners?.join(', ') ?? ''}]`
  return `
key:
  - id: ${name}
    algorithm: ${algorithm}
    secret: ${secret}
acl:
  - id: updates
    key: ${name}
    action: update${owners === undefined ? '' : limits}
`
}

async function writeZone(folder: string, zone: string, records: string | null): Promise<void> {
  if (records === null) return
  const head = /^@ .*SOA /m.test(records) ? '$TTL 0\n' : HEAD
  await writeFile(path.join(folder, `${zone}.zone`), `$ORIGIN ${zone}.\n${head}${records}\n`)
}
