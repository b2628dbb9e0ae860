import { createCipheriv, createHash, randomBytes, type Cipher } from 'node:crypto'
import net from 'node:net'
import { within } from './hang.js'
import { listen, type Owner } from './places.js'

const CHUNK = 64 * 1024
const ZEROS = Buffer.alloc(CHUNK)

/** How many bytes passed and their SHA-256 (hex). */
export interface Sum {
  readonly bytes: number
  readonly sha256: string
}

/** A source of `total` pseudo-random bytes (AES-CTR of a random key): fast, and no two parts are alike. */
export class RandomSource {
  private readonly cipher: Cipher = createCipheriv('aes-128-ctr', randomBytes(16), randomBytes(16))
  private readonly hash = createHash('sha256')
  private left: number
  readonly total: number

  constructor(total: number) {
    this.total = total
    this.left = total
  }

  /** The next piece, at most 64 KiB; null after the last. */
  next(): Buffer | null {
    if (this.left === 0) return null
    const piece = this.cipher.update(this.left < CHUNK ? ZEROS.subarray(0, this.left) : ZEROS)
    this.left -= piece.length
    this.hash.update(piece)
    return piece
  }

  sum(): Sum {
    return { bytes: this.total - this.left, sha256: this.hash.copy().digest('hex') }
  }
}

/** Writes everything of `source` into `socket` with back-pressure, then its FIN. Resolves when all was handed over. */
export function pump(socket: net.Socket, source: RandomSource): Promise<Sum> {
  return new Promise((resolve, reject) => {
    const push = () => {
      for (;;) {
        const piece = source.next()
        if (piece === null) {
          socket.off('drain', push)
          socket.end(() => resolve(source.sum()))
          return
        }
        if (!socket.write(piece)) return
      }
    }
    socket.on('drain', push)
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('the connection closed before all was written')))
    push()
  })
}

/** Reads to the FIN and sums what came. Rejects when the connection breaks before. */
export function drain(socket: net.Socket): Promise<Sum> {
  const hash = createHash('sha256')
  let bytes = 0
  return new Promise((resolve, reject) => {
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      hash.update(chunk)
    })
    socket.once('end', () => resolve({ bytes, sha256: hash.digest('hex') }))
    socket.once('error', reject)
    socket.once('close', () => reject(new Error(`the connection closed without a FIN after ${bytes} bytes`)))
  })
}

/** An upstream of our own: `serve` is called for each connection. */
export interface Upstream {
  readonly port: number
  readonly server: net.Server
  /** Connections open now. */
  readonly open: ReadonlySet<net.Socket>
  /** Connections ever. */
  readonly total: () => number
}

/** Starts an upstream on a free loopback port (half-open allowed). Errors of its connections only close them. */
export async function startUpstream(t: Owner, serve: (socket: net.Socket) => void, port = 0): Promise<Upstream> {
  const open = new Set<net.Socket>()
  let total = 0
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    total += 1
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    socket.on('error', () => socket.destroy())
    serve(socket)
  })
  const bound = await listen(server, port)
  t.teardown(() => {
    for (const socket of open) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  return { port: bound, server, open, total: () => total }
}

/** An upstream that sends back what it gets, and its FIN after the visitor's. */
export function startEcho(t: Owner, port = 0): Promise<Upstream> {
  return startUpstream(t, (socket) => void socket.pipe(socket), port)
}

/** Connects as a visitor to a loopback port; resolves when the connection stands. */
export function visit(port: number): Promise<net.Socket> {
  return within(
    `a connection to 127.0.0.1:${port}`,
    new Promise((resolve, reject) => {
      const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        socket.on('error', () => undefined)
        resolve(socket)
      })
    }),
  )
}

/** Sends `bytes` to an echo behind `port` and gives back as many bytes as it sent; throws when fewer come. */
export async function echo(port: number, bytes: Buffer = randomBytes(64), ms?: number): Promise<void> {
  const socket = await visit(port)
  try {
    await echoOn(socket, bytes, ms)
  } finally {
    socket.destroy()
  }
}

/** The same over a connection that stands and stays. Resolves with the round trip in milliseconds. */
export function echoOn(socket: net.Socket, bytes: Buffer = randomBytes(64), ms?: number): Promise<number> {
  const start = performance.now()
  const answer = new Promise<number>((resolve, reject) => {
    const got: Buffer[] = []
    let length = 0
    const settle = (error: Error | null) => {
      socket.off('data', onData)
      socket.off('close', onClose)
      if (error === null) resolve(performance.now() - start)
      else reject(error)
    }
    const onClose = () => settle(new Error(`the connection closed after ${length} of ${bytes.length} bytes`))
    const onData = (chunk: Buffer) => {
      got.push(chunk)
      length += chunk.length
      if (length < bytes.length) return
      settle(Buffer.concat(got).equals(bytes) ? null : new Error('the echo sent back other bytes'))
    }
    socket.on('data', onData)
    socket.on('close', onClose)
    if (socket.destroyed) onClose()
    else socket.write(bytes)
  })
  return within('an echo', answer, ms)
}

/** Sends `bytes`, reads until the connection ends, however it ends. `error` is the code of a reset. */
export async function exchange(
  port: number,
  bytes: Buffer | string,
  { ms, half = false }: { ms?: number; half?: boolean } = {},
) {
  const socket = await visit(port)
  const start = performance.now()
  const got: Buffer[] = []
  let error: string | null = null
  const done = new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => got.push(chunk))
    socket.on('error', (reason: NodeJS.ErrnoException) => (error = reason.code ?? reason.message))
    socket.once('end', () => socket.end())
    socket.once('close', () => resolve())
  })
  if (half) socket.end(bytes)
  else if (bytes.length > 0) socket.write(bytes)
  try {
    await within(`127.0.0.1:${port} to end the connection`, done, ms)
  } finally {
    socket.destroy()
  }
  return { answer: Buffer.concat(got), error: error as string | null, ms: performance.now() - start }
}
