import { connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { record, RecordReader } from './records.js'
import { obey, say, sharedNow, taskOf } from './program.js'

/** Many visitors of echoes, who send a record now and then and check what comes back. */
export interface VisitorsTask {
  /** Public ports. */
  readonly ports: readonly number[]
  /** Visitors of each. */
  readonly each: number
  /** Time between two records of a visitor, ms: uniform between half and one and a half of it. */
  readonly gapMs: number
}

/** Visitors that connect at the same time. */
const AT_ONCE = 50

const task = taskOf<VisitorsTask>()

class Visitor {
  /** Records that were sent. */
  sent = 0
  bytesSent = 0
  readonly reader: RecordReader
  readonly socket: Socket
  /** So many records must be back until this visitor's stream flows. */
  private wanted = Infinity
  private flows: () => void = () => undefined
  private timer: NodeJS.Timeout | undefined
  private done = false
  private readonly id: number

  constructor(id: number, socket: Socket) {
    this.id = id
    this.socket = socket
    this.reader = new RecordReader(id)
    socket.on('data', (chunk: Buffer) => this.onData(chunk))
    socket.on('error', (error) => this.fault(error.message))
    socket.on('end', () => this.done || this.fault('its connection ended'))
    socket.on('close', () => this.done || this.fault('its connection was closed'))
  }

  send(): void {
    const bytes = record(this.id, this.sent++)
    this.bytesSent += bytes.length
    this.socket.write(bytes)
  }

  /** Sends from now on, until `stop`. */
  run(): void {
    this.timer = setTimeout(
      () => {
        this.send()
        this.run()
      },
      task.gapMs * (0.5 + Math.random()),
    )
  }

  stop(): void {
    clearTimeout(this.timer)
  }

  /** Resolves when all is back that was sent until now, or nothing more comes, with the time. */
  back(): Promise<number> {
    if (this.done || this.reader.records >= this.sent) return Promise.resolve(sharedNow())
    this.wanted = this.sent
    return new Promise((resolve) => (this.flows = () => resolve(sharedNow())))
  }

  /** Ends the connection in good order. */
  async end(): Promise<void> {
    if (this.done) return
    const ended = once(this.socket, 'end')
    this.done = true
    this.socket.end()
    await ended
  }

  private onData(chunk: Buffer): void {
    try {
      this.reader.push(chunk)
    } catch (error) {
      this.fault((error as Error).message)
      this.socket.destroy()
      return
    }
    if (this.reader.records < this.wanted) return
    this.wanted = Infinity
    this.flows()
  }

  private fault(why: string): void {
    if (this.done) return
    this.done = true
    this.stop()
    this.flows()
    say('fault', { visitor: this.id, sent: this.sent, came: this.reader.records, why })
  }
}

async function open(id: number, port: number): Promise<Visitor> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
  await once(socket, 'connect')
  const visitor = new Visitor(id, socket)
  visitor.send()
  await visitor.back()
  return visitor
}

/** Tells when each visitor has back what it had sent until now. */
async function flows(): Promise<void> {
  const since = sharedNow()
  const waiting = visitors.filter(({ sent, reader }) => reader.records < sent).length
  const at = await Promise.all(visitors.map((visitor) => visitor.back()))
  say('flows', { since, waiting, at })
}

async function finish(): Promise<void> {
  for (const visitor of visitors) visitor.stop()
  await Promise.all(visitors.map((visitor) => visitor.back()))
  await Promise.all(visitors.map((visitor) => visitor.end()))
  let [sent, came, records] = [0, 0, 0]
  for (const { bytesSent, reader } of visitors) {
    sent += bytesSent
    came += reader.bytes
    records += reader.records
  }
  say('finished', { sent, came, records })
}

const visitors: Visitor[] = []
const places = task.ports.flatMap((port) => Array.from({ length: task.each }, () => port))
for (let next = 0; next < places.length; next += AT_ONCE) {
  const some = places.slice(next, next + AT_ONCE).map((port, offset) => open(next + offset, port))
  visitors.push(...(await Promise.all(some)))
}
for (const visitor of visitors) visitor.run()
obey({ flows, finish })
say('ready', { visitors: visitors.length })
