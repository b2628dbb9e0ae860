import { readFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'

// The least that two Node processes can do with a tunnel over one TLS connection: a header of 12 bytes in front of each
// piece, and one write for all pieces of a turn of the event loop. No flow control, no accounts, no errors, no log.
// usage: node-floor server CERTIFICATE KEY PORT...     prints "listening PORT"
//        node-floor agent CA HOST PORT UPSTREAM_PORT...
const [role = '', ...rest] = process.argv.slice(2)

const HEADER = 12
const ARENA = 64 * 1024
const OPEN = 1
const DATA = 0
const END = 2

type Send = (id: number, kind: number, bytes?: Buffer) => void

const sockets = new Map<number, Socket>()

if (role === 'server') serve(rest)
else join(rest)

function serve([certificate = '', key = '', ...ports]: string[]): void {
  let send: Send | undefined
  let lastId = 0
  ports.forEach((port, service) => {
    const server = createServer({ noDelay: true }, (visitor) => {
      if (send === undefined) return visitor.destroy()
      const id = ++lastId
      send(id, OPEN, Buffer.of(service))
      carry(visitor, id, send)
    })
    server.listen(Number(port), '127.0.0.1')
  })
  const pems = { cert: readFileSync(certificate), key: readFileSync(key) }
  const server = createTlsServer({ ...pems, noDelay: true }, (carrier) => {
    send = frames(carrier, () => undefined)
  })
  server.listen(0, '127.0.0.1', () => console.log(`listening ${(server.address() as { port: number }).port}`))
}

function join([ca = '', host = '', port = '', ...upstreams]: string[]): void {
  const carrier = connectTls({ host, port: Number(port), ca: readFileSync(ca), servername: 'localhost' })
  carrier.setNoDelay(true)
  const send = frames(carrier, (id, service) => {
    carry(connect({ host: '127.0.0.1', port: Number(upstreams[service]), noDelay: true }), id, send)
  })
}

/** Sends what comes from `socket`, until it closes. */
function carry(socket: Socket, id: number, send: Send): void {
  sockets.set(id, socket)
  socket.on('data', (bytes) => send(id, DATA, bytes))
  socket.on('error', () => undefined) // 'close' follows
  socket.on('close', () => {
    if (sockets.delete(id)) send(id, END)
  })
}

function frames(carrier: Socket, onOpen: (id: number, service: number) => void): Send {
  readFrames(carrier, (id, kind, bytes) => {
    if (kind === OPEN) onOpen(id, bytes[0] ?? 0)
    else if (kind === DATA) sockets.get(id)?.write(Buffer.from(bytes))
    else {
      sockets.get(id)?.end()
      sockets.delete(id)
    }
  })
  let arena = Buffer.allocUnsafeSlow(ARENA)
  let [start, end, scheduled] = [0, 0, false]
  const flush = (): void => {
    scheduled = false
    if (end > start) carrier.write(arena.subarray(start, end))
    start = end
  }
  return (id, kind, bytes) => {
    const size = HEADER + (bytes?.length ?? 0)
    if (end + size > arena.length) {
      flush()
      arena = Buffer.allocUnsafeSlow(Math.max(ARENA, size))
      start = end = 0
    }
    arena.writeUInt32BE(kind, end)
    arena.writeUInt32BE(id, end + 4)
    arena.writeUInt32BE(size - HEADER, end + 8)
    if (bytes !== undefined) arena.set(bytes, end + HEADER)
    end += size
    if (scheduled) return
    scheduled = true
    setImmediate(flush)
  }
}

function readFrames(carrier: Socket, onFrame: (id: number, kind: number, bytes: Buffer) => void): void {
  let kept: Buffer | null = null
  carrier.on('data', (chunk: Buffer) => {
    const bytes = kept === null ? chunk : Buffer.concat([kept, chunk])
    let at = 0
    while (bytes.length - at >= HEADER) {
      const end = at + HEADER + bytes.readUInt32BE(at + 8)
      if (end > bytes.length) break
      onFrame(bytes.readUInt32BE(at + 4), bytes.readUInt32BE(at), bytes.subarray(at + HEADER, end))
      at = end
    }
    kept = at < bytes.length ? bytes.subarray(at) : null
  })
}
