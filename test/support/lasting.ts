import { createHash, randomBytes } from 'node:crypto'
import type net from 'node:net'
import path from 'node:path'
import { pause, within } from './hang.js'
import { program, type Owner } from './places.js'
import { Process } from './processes.js'
import { Postgres } from './postgres.js'
import { echoOn, RandomSource, startEcho, startUpstream, visit, type Upstream } from './pumps.js'
import { sshArgs, startSshd, type Sshd } from './sshd.js'
import { serveWebSocket, WebSocketClient } from './websocket.js'

/** What people do through a tunnel for longer than a moment. */
export const SERVICES = ['ssh', 'download', 'psql', 'websocket', 'idle'] as const
export type Service = (typeof SERVICES)[number]
export type Ports = Readonly<Record<Service, number>>

const IDLE = 50
const DIGEST = 32
/** Behind a fault, each of them has to show so long at most that it lives, ms; a download goes on for longer. */
const LIVES_MS = 30_000
/** Lines and messages that must come without a gap after the fault. */
const MORE = 10

/** Servers on loopback that are visited for long. */
export interface LastingUpstreams {
  readonly ports: Ports
  readonly sshd: Sshd
  readonly psql: string
  readonly bytes: number
  readonly idle: Upstream
}

/** Starts them; a download has `bytes` bytes. */
export async function startLastingUpstreams(t: Owner, bytes: number): Promise<LastingUpstreams> {
  const [sshd, postgres, download, websocket, idle] = await Promise.all([
    startSshd(t),
    Postgres.start(t),
    startUpstream(t, (socket) => sendSummed(socket, bytes)),
    startUpstream(t, serveWebSocket),
    startEcho(t),
  ])
  const ports = {
    ssh: sshd.port,
    download: download.port,
    psql: postgres.port,
    websocket: websocket.port,
    idle: idle.port,
  }
  return { ports, sshd, psql: path.join(postgres.bin, 'psql'), bytes, idle }
}

/** A visit, or several of a kind, that a fault must not end. */
interface Lasting {
  /** Does something while the path is broken. */
  use(): void
  /** Resolves with how many of them lived; rejects with why none did, such as a byte that is missing. */
  lived(): Promise<number>
}

/** How many of a service's visits lived, and why one that did not. */
export interface Outcome {
  readonly service: Service
  readonly kept: number
  readonly of: number
  readonly why: string
}

/** One visitor of every service, and 50 who say nothing. */
export class LastingVisits {
  readonly download: Download
  private readonly counter: Counter
  private readonly visits: ReadonlyMap<Service, Lasting>

  private constructor(visits: ReadonlyMap<Service, Lasting>, download: Download, counter: Counter) {
    this.visits = visits
    this.download = download
    this.counter = counter
  }

  /** Opens them at these ports of loopback and waits until every one works. */
  static async open(t: Owner, upstreams: LastingUpstreams, ports: Ports): Promise<LastingVisits> {
    const [counter, transaction, chat, idle] = await Promise.all([
      Counter.open(t, upstreams, ports.ssh),
      Transaction.open(t, upstreams.psql, ports.psql),
      Chat.open(t, ports.websocket),
      Idle.open(t, ports.idle),
    ])
    const download = await Download.open(t, ports.download, upstreams.bytes)
    const all: [Service, Lasting][] = [
      ['ssh', counter],
      ['download', download],
      ['psql', transaction],
      ['websocket', chat],
      ['idle', idle],
    ]
    return new LastingVisits(new Map(all), download, counter)
  }

  /** Visitors do something, whatever the path does. */
  use(): void {
    for (const visit of this.visits.values()) visit.use()
  }

  /** Begins to look for silence: what it gives back tells the longest time since now without a line of the counter, ms. */
  watchSilence(): () => number {
    return this.counter.watchSilence()
  }

  /** What lived, once the fault is over. */
  async outcomes(): Promise<Outcome[]> {
    const busy = [...this.visits].filter(([service]) => service !== 'idle')
    const outcomes = await Promise.all(busy.map(([service, visit]) => outcome(service, visit)))
    // The idle ones come last: a tool may end them a while after the fault.
    for (const [service, visit] of this.visits) if (service === 'idle') outcomes.push(await outcome(service, visit))
    return outcomes
  }
}

async function outcome(service: Service, visit: Lasting): Promise<Outcome> {
  const of = service === 'idle' ? IDLE : 1
  try {
    const kept = await visit.lived()
    return { service, kept, of, why: kept === of ? '' : `${of - kept} were closed or silent` }
  } catch (error) {
    return { service, kept: 0, of, why: (error as Error).message.split('\n')[0] ?? '' }
  }
}

/** Sends `bytes` random bytes and their SHA-256. */
function sendSummed(socket: net.Socket, bytes: number): void {
  const source = new RandomSource(bytes)
  const push = (): void => {
    for (;;) {
      const piece = source.next()
      if (piece === null) {
        socket.off('drain', push)
        socket.end(Buffer.from(source.sum().sha256, 'hex'))
        return
      }
      if (!socket.write(piece)) return
    }
  }
  socket.on('drain', push)
  socket.resume()
  push()
}

/** A download that ends with its own SHA-256. */
export class Download implements Lasting {
  private got = 0
  /** It failed. */
  private ended = false
  private readonly total: number
  private readonly end: Promise<number>
  private readonly waiting = new Set<() => void>()

  private constructor(socket: net.Socket, bytes: number) {
    this.total = bytes
    const hash = createHash('sha256')
    const digest: Buffer[] = []
    this.end = new Promise((resolve, reject) => {
      socket.on('data', (chunk: Buffer) => {
        const data = chunk.subarray(0, Math.max(0, bytes - this.got))
        hash.update(data)
        if (data.length < chunk.length) digest.push(chunk.subarray(data.length))
        this.got += chunk.length
        for (const wake of this.waiting) wake()
      })
      socket.once('end', () => {
        if (this.got !== bytes + DIGEST) reject(new Error(`${this.got} of ${bytes + DIGEST} bytes, then the end`))
        else if (Buffer.concat(digest).equals(hash.digest())) resolve(1)
        else reject(new Error('the SHA-256 is another one'))
      })
      socket.once('close', () => reject(new Error(`closed after ${this.got} of ${bytes} bytes`)))
    })
    this.end.catch(() => (this.ended = true))
  }

  static async open(t: Owner, port: number, bytes: number): Promise<Download> {
    const socket = await visit(port)
    t.teardown(() => socket.destroy())
    const download = new Download(socket, bytes)
    await download.reached(1)
    return download
  }

  /** Resolves when so many bytes have come. */
  reached(bytes: number): Promise<void> {
    const come = new Promise<void>((resolve) => {
      const look = () => {
        if (this.got < Math.min(bytes, this.total)) return
        this.waiting.delete(look)
        resolve()
      }
      this.waiting.add(look)
      look()
    })
    return within(`${bytes} bytes of a download`, Promise.race([come, this.end.then(() => undefined)]))
  }

  use(): void {
    // It goes on by itself.
  }

  /** There is no limit as long as bytes come. */
  async lived(): Promise<number> {
    for (let before = -1; before < this.got;) {
      before = this.got
      const done = await within('the download', this.end, LIVES_MS).catch((error: Error) => error)
      if (done === 1) return 1
      if (this.ended) throw done as Error
    }
    throw new Error(`no more came after ${this.got} of ${this.total} bytes`)
  }
}

/** An ssh session that counts. */
class Counter implements Lasting {
  private readonly ssh: Process

  private constructor(ssh: Process) {
    this.ssh = ssh
  }

  static async open(t: Owner, { sshd }: LastingUpstreams, port: number): Promise<Counter> {
    const count = 'i=0; while echo $i; do i=$((i+1)); sleep 0.05; done'
    const ssh = new Process('ssh', await program('ssh', 'openssh-client'), [...sshArgs(sshd, '127.0.0.1', port), count])
    t.teardown(() => ssh.stop('SIGKILL'))
    const counter = new Counter(ssh)
    await counter.more(1)
    return counter
  }

  /** Waits for so many lines from now on. */
  async more(lines: number): Promise<void> {
    const from = this.ssh.out.length + lines - 1
    await this.ssh.line(() => true, { from, ms: LIVES_MS })
  }

  watchSilence(): () => number {
    let last = performance.now()
    let longest = 0
    const look = () => {
      const now = performance.now()
      longest = Math.max(longest, now - last)
      return now
    }
    const listen = async () => {
      for await (const line of this.ssh.lines(this.ssh.out.length)) if (line !== '') last = look()
    }
    void listen()
    return () => {
      look()
      return longest
    }
  }

  use(): void {
    // It counts by itself.
  }

  async lived(): Promise<number> {
    await this.more(MORE)
    const wrong = this.ssh.out.findIndex((line, at) => line !== String(at))
    if (wrong >= 0) throw new Error(`the counter said ${this.ssh.out[wrong]} after ${wrong - 1}`)
    return 1
  }
}

/** A transaction with a statement before, during and after the fault. */
class Transaction implements Lasting {
  private readonly psql: Process
  private rows = 0

  private constructor(psql: Process) {
    this.psql = psql
  }

  static async open(t: Owner, file: string, port: number): Promise<Transaction> {
    const to = ['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', '-d', 'postgres']
    const options = ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1']
    const psql = new Process('psql', file, [...options, ...to], { stdio: ['pipe', 'pipe', 'pipe'] })
    psql.child.stdin?.on('error', () => undefined)
    t.teardown(() => psql.stop('SIGKILL'))
    const transaction = new Transaction(psql)
    transaction.say('CREATE TEMP TABLE lasting (id int PRIMARY KEY);', 'BEGIN;')
    transaction.use()
    transaction.say(`SELECT 'begun ' || txid_current();`)
    await psql.line(/^begun/)
    return transaction
  }

  private say(...statements: string[]): void {
    this.psql.child.stdin?.write(statements.map((each) => `${each}\n`).join(''))
  }

  use(): void {
    this.say(`INSERT INTO lasting VALUES (${++this.rows});`)
  }

  async lived(): Promise<number> {
    const begun = this.psql.out.find((line) => line.startsWith('begun ')) ?? ''
    this.use()
    this.say(`SELECT 'in ' || txid_current();`, 'COMMIT;', `SELECT 'rows ' || count(*) FROM lasting;`)
    const rows = await this.psql.line(/^rows/, { ms: LIVES_MS })
    if (!this.psql.out.includes(begun.replace('begun', 'in'))) throw new Error('the transaction was another one')
    if (rows !== `rows ${this.rows}`) throw new Error(`${rows}, not ${this.rows}`)
    return 1
  }
}

/** A WebSocket on which a message goes each way 50 times a second. */
class Chat implements Lasting {
  private sent = 0
  private readonly got: string[] = []
  private socket: net.Socket | null = null

  static async open(t: Owner, port: number): Promise<Chat> {
    const chat = new Chat()
    const client = await WebSocketClient.open(port, (text) => chat.got.push(text))
    chat.socket = client.socket
    const timer = setInterval(() => client.send(`message ${chat.sent++}`), 20)
    t.teardown(() => {
      clearInterval(timer)
      client.socket.destroy()
    })
    await chat.until(1)
    return chat
  }

  private async until(messages: number): Promise<void> {
    const end = performance.now() + LIVES_MS
    while (this.got.length < messages) {
      if (this.socket?.destroyed || this.socket?.readableEnded) throw new Error('the WebSocket was closed')
      if (performance.now() > end) throw new Error(`no answer to message ${this.got.length}`)
      await pause(10)
    }
  }

  use(): void {
    // It talks by itself.
  }

  async lived(): Promise<number> {
    await this.until(this.sent + MORE)
    const wrong = this.got.findIndex((text, at) => text !== `message ${at}`)
    if (wrong >= 0) throw new Error(`"${this.got[wrong]}" came where message ${wrong} was due`)
    return 1
  }
}

/** Connections that say nothing until the end. */
class Idle implements Lasting {
  private readonly sockets: readonly net.Socket[]

  private constructor(sockets: readonly net.Socket[]) {
    this.sockets = sockets
  }

  static async open(t: Owner, port: number): Promise<Idle> {
    const sockets = await Promise.all(Array.from({ length: IDLE }, () => visit(port)))
    t.teardown(() => sockets.forEach((socket) => socket.destroy()))
    await Promise.all(sockets.map((socket) => echoOn(socket)))
    return new Idle(sockets)
  }

  use(): void {
    // Idle is what they are.
  }

  async lived(): Promise<number> {
    const answers = this.sockets.map((socket) => echoOn(socket, randomBytes(256), LIVES_MS))
    return (await Promise.allSettled(answers)).filter(({ status }) => status === 'fulfilled').length
  }
}
