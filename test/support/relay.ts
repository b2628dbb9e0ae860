import net from 'node:net'
import { listen, type Owner } from './places.js'

interface Pair {
  readonly near: net.Socket
  readonly far: net.Socket
  dead: boolean
}

/**
 * A TCP relay, on loopback unless told otherwise, that can do what a bad network does.
 *
 * - `freeze`/`thaw`: nothing passes for a while, then all of it (packets were lost and sent again);
 * - `swallow`/`heal`: connections of before are dead for ever without a FIN or RST (a NAT forgot them);
 *   new ones are accepted, wait, and pass once healed (a SYN that is sent again);
 * - `cut`: every connection gets a RST;
 * - `refuse`/`admit`: so do they, and new ones are refused for a while.
 */
export class Relay {
  port = 0
  /** Connections that were made through it. */
  connections = 0
  /** Told of each when its other half is dialled. */
  onDial: () => void = () => undefined
  /** Settles with the first connection. */
  readonly visited: Promise<void>
  private onVisit: () => void = () => undefined
  private readonly server: net.Server
  private readonly pairs = new Set<Pair>()
  private readonly held = new Set<net.Socket>()
  private readonly target: () => number
  private readonly host: string
  private frozen = false
  private swallowing = false

  private constructor(target: () => number, host: string) {
    this.target = target
    this.host = host
    this.visited = new Promise((resolve) => (this.onVisit = resolve))
    this.server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }, (near) => this.accept(near))
  }

  static async start(t: Owner, target: number | (() => number), host = '127.0.0.1'): Promise<Relay> {
    const relay = new Relay(typeof target === 'number' ? () => target : target, host)
    relay.port = await listen(relay.server, 0, host)
    t.teardown(() => relay.close())
    return relay
  }

  private accept(near: net.Socket): void {
    this.connections += 1
    this.onVisit()
    near.on('error', () => near.destroy())
    near.setNoDelay(true)
    if (!this.swallowing) return this.join(near)
    this.held.add(near)
    near.once('close', () => this.held.delete(near))
  }

  private join(near: net.Socket): void {
    this.onDial()
    const far = net.connect({ port: this.target(), host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    const pair: Pair = { near, far, dead: false }
    this.pairs.add(pair)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('data', (chunk) => {
        if (!to.write(chunk)) from.pause()
      })
      to.on('drain', () => {
        if (!this.frozen && !pair.dead) from.resume()
      })
      from.on('end', () => to.end())
      from.on('error', () => to.resetAndDestroy())
      from.on('close', () => {
        this.pairs.delete(pair)
        to.destroy()
      })
    }
    if (this.frozen) far.pause()
    else near.resume()
  }

  freeze(): void {
    this.frozen = true
    this.each((socket) => socket.pause())
  }

  thaw(): void {
    this.frozen = false
    this.each((socket) => socket.resume())
  }

  /** From now on every packet is lost. */
  swallow(): void {
    this.swallowing = true
    for (const pair of this.pairs) {
      pair.dead = true
      pair.near.pause()
      pair.far.pause()
    }
  }

  /** New connections pass again; those of before `swallow` stay dead. */
  heal(): void {
    this.swallowing = false
    for (const near of [...this.held]) {
      this.held.delete(near)
      this.join(near)
    }
  }

  /** Every connection is reset, new ones are taken. */
  cut(): void {
    this.each((socket) => socket.resetAndDestroy())
  }

  /** Every connection is reset, new ones are refused. */
  refuse(): void {
    this.server.close()
    this.cut()
  }

  /** New ones are taken again, on the same port. */
  async admit(): Promise<void> {
    await listen(this.server, this.port, this.host)
  }

  /**
   * How many new connections the kernel takes before we do, and at least one; beyond, it does not answer SYNs. So a
   * process that is stopped with a backlog of 0 is a path on which packets are lost.
   */
  setBacklog(connections: number): void {
    // Listening once more is how POSIX changes it; Node has no word for that.
    const { _handle } = this.server as unknown as { _handle: { listen(backlog: number): number } }
    _handle.listen(connections)
  }

  /** The connection that was made last is reset. */
  cutNewest(): void {
    const newest = [...this.pairs].at(-1)
    newest?.near.resetAndDestroy()
    newest?.far.resetAndDestroy()
  }

  private each(work: (socket: net.Socket) => void): void {
    for (const pair of [...this.pairs]) {
      if (pair.dead) continue
      work(pair.near)
      work(pair.far)
    }
  }

  private close(): Promise<void> {
    for (const pair of [...this.pairs]) {
      pair.near.destroy()
      pair.far.destroy()
    }
    for (const near of [...this.held]) near.destroy()
    return new Promise((resolve) => this.server.close(() => resolve()))
  }
}
