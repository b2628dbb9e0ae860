import { chmod, chown, copyFile, mkdir, readdir, readFile, realpath, writeFile } from 'node:fs/promises'
import path from 'node:path'
import pg from 'pg'
import type { Pair } from './certificates.js'
import { eventually } from './hang.js'
import { freePort, program, temporaryFolder, type Owner } from './places.js'
import { must, Process } from './processes.js'
import type { RealServer } from './real-servers.js'

const root = process.getuid?.() === 0

/** PostgreSQL on loopback in a folder of its own: user and database `postgres`, no password. */
export class Postgres implements RealServer {
  readonly port: number
  readonly folder: string
  /** Where its programs are. */
  readonly bin: string
  process!: Process
  readonly #user: { uid?: number; gid?: number }
  #databases = 0

  private constructor(made: Pick<Postgres, 'port' | 'folder' | 'bin'>, user: { uid?: number; gid?: number }) {
    this.port = made.port
    this.folder = made.folder
    this.bin = made.bin
    this.#user = user
  }

  /** As user `postgres` when we are root. Ends with the test. */
  static async start(t: Owner): Promise<Postgres> {
    const postgres = await Postgres.#at(t)
    const cluster = ['-D', postgres.data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync', '--no-locale']
    await must(path.join(postgres.bin, 'initdb'), cluster, postgres.options)
    await postgres.launch()
    return postgres
  }

  /** A hot standby that follows `primary`: all can be read there, and nothing written. */
  static async startStandby(t: Owner, primary: Postgres): Promise<Postgres> {
    const standby = await Postgres.#at(t)
    const from = ['-h', '127.0.0.1', '-p', String(primary.port), '-U', 'postgres', '-D', standby.data]
    await must(path.join(standby.bin, 'pg_basebackup'), [...from, '-R', '-c', 'fast', '--no-sync'], standby.options)
    await standby.launch()
    return standby
  }

  static async #at(t: Owner): Promise<Postgres> {
    const bin = await postgresFolder()
    const folder = await temporaryFolder(t)
    const user: { uid?: number; gid?: number } = root ? await idOf('postgres') : {}
    const postgres = new Postgres({ port: await freePort(), folder, bin }, user)
    await mkdir(postgres.data, { mode: 0o700 })
    if (user.uid !== undefined && user.gid !== undefined) {
      await chown(folder, user.uid, user.gid)
      await chown(postgres.data, user.uid, user.gid)
    }
    t.teardown(() => postgres.process?.stop('SIGQUIT'))
    return postgres
  }

  /** Starts it (again) on its port with its data. */
  async launch(): Promise<void> {
    const settings = {
      listen_addresses: '127.0.0.1',
      unix_socket_directories: this.folder,
      max_connections: 200,
      fsync: 'off',
    }
    const set = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])
    const args = ['-D', this.data, '-p', String(this.port), ...set]
    // after a crash the one before may need a moment to go
    await eventually('PostgreSQL to accept connections', async () => {
      if (!this.process || this.process.ending !== null) {
        this.process = new Process('postgres', path.join(this.bin, 'postgres'), args, this.options)
      }
      await must(path.join(this.bin, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(this.port)])
    })
  }

  get data(): string {
    return path.join(this.folder, 'data')
  }

  private get options() {
    return { cwd: this.folder, ...this.#user }
  }

  /** Speaks TLS from now on to whoever asks for it. */
  async enableTls({ cert, key }: Pair): Promise<void> {
    for (const [name, from] of Object.entries({ ssl_cert_file: cert, ssl_key_file: key })) {
      const copy = path.join(this.folder, name)
      await copyFile(from, copy)
      await chmod(copy, 0o600)
      if (this.#user.uid !== undefined && this.#user.gid !== undefined) {
        await chown(copy, this.#user.uid, this.#user.gid)
      }
      await this.query(`alter system set ${name} = '${copy}'`)
    }
    await this.query('alter system set ssl = on')
    await this.query('select pg_reload_conf()')
    await eventually('TLS', () => this.query('select 1', `${this.address()}?uselibpqcompat=true&sslmode=require`))
  }

  /** Lets a new role in with a password only. It may connect, and nothing else. */
  async createRole(name: string, password: string, more = ''): Promise<void> {
    const file = path.join(this.data, 'pg_hba.conf')
    const rules = await readFile(file, 'utf8')
    await writeFile(file, `host all ${name} 127.0.0.1/32 scram-sha-256\n${rules}`)
    await this.query(`create role ${name} login password '${password}' ${more}`)
    await this.query('select pg_reload_conf()')
    const rule = `select 1 from pg_hba_file_rules where '${name}' = any (user_name)`
    await eventually('the rule', async () => {
      if ((await this.query(rule)).length === 0) throw new Error('not there')
    })
  }

  /** A database of its own for a test, made from nothing; gives its address. */
  async freshDatabase(): Promise<string> {
    const name = `db${++this.#databases}`
    await this.query(`create database ${name}`)
    return this.address(name)
  }

  /** `login`: `user` or `user:password`. */
  address(database = 'postgres', login = 'postgres'): string {
    return `postgres://${login}@127.0.0.1:${this.port}/${database}`
  }

  /** The rows that a query gives, over a connection of its own. */
  async query(text: string, address = this.address()): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: address })
    await client.connect()
    try {
      return (await client.query<Record<string, unknown>>(text)).rows
    } finally {
      await client.end()
    }
  }
}

/** Where Debian keeps PostgreSQL's programs (newest version first). */
async function postgresFolder(): Promise<string> {
  const base = '/usr/lib/postgresql'
  const versions = await readdir(base).catch(() => [])
  const newest = versions.sort((a, b) => Number(b) - Number(a)).map((version) => path.join(base, version, 'bin'))
  return path.dirname(await realpath(await program('initdb', 'postgresql', newest)))
}

async function idOf(user: string): Promise<{ uid: number; gid: number }> {
  const one = async (flag: string) => Number((await must('id', [flag, user])).out)
  return { uid: await one('-u'), gid: await one('-g') }
}
