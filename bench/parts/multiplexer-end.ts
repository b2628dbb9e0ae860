import { createConnection, createServer, type AddressInfo } from 'node:net'
import { MULTIPLEXERS, type UseStream } from './multiplexers.js'

// One end of a multiplexed loopback connection.
// usage: multiplexer-end LIBRARY WORK server              prints "listening PORT"
//        multiplexer-end LIBRARY WORK client PORT SECONDS prints "result {…}" and ends
const [library = '', work = '', role = '', port = '0', seconds = '5'] = process.argv.slice(2)
const multiplexer = MULTIPLEXERS[library]
if (multiplexer === undefined) throw new Error(`unknown multiplexer ${library}`)

const CHUNK = Buffer.alloc(64 * 1024, 'x')
const MESSAGE = Buffer.alloc(256, 'x')
const ECHO_STREAMS = 64

// libp2p-yamux needs a later Node than 20 for this one function.
if (!('withResolvers' in Promise)) {
  const withResolvers = (): object => {
    const parts: Record<string, unknown> = {}
    parts['promise'] = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }))
    return parts
  }
  Object.assign(Promise, { withResolvers })
}

if (role === 'server') serve()
else load()

/** Counts what comes, or sends as much back; the count goes to the client on a second connection when it asks. */
function serve(): void {
  let received = 0
  const server = createServer({ noDelay: true }, (socket) => {
    socket.once('readable', () => {
      const first = socket.read(1) as Buffer
      if (first.toString() === '?') return socket.end(JSON.stringify({ received, cpu: cpuSeconds() }))
      multiplexer?.(socket, 'server', (send) => ({
        onBytes: (count) => {
          received += count
          if (work === 'echo') send(MESSAGE.subarray(0, count))
        },
        onRoom: () => undefined,
      }))
    })
  })
  server.listen(0, '127.0.0.1', () => console.log(`listening ${(server.address() as AddressInfo).port}`))
}

function load(): void {
  const socket = createConnection({ host: '127.0.0.1', port: Number(port), noDelay: true }, () => {
    socket.write('!')
    const open = multiplexer?.(socket, 'client', () => ({ onBytes: () => undefined, onRoom: () => undefined }))
    const counter = { answers: 0 }
    for (let index = 0; index < (work === 'echo' ? ECHO_STREAMS : 1); index++) {
      open?.(work === 'echo' ? echoing(counter) : pouring)
    }
    setTimeout(() => measure(counter), 1000)
  })
}

async function measure(counter: { answers: number }): Promise<void> {
  const start = await ask()
  const [answers, at] = [counter.answers, performance.now()]
  const cpu = cpuSeconds() + start.cpu
  setTimeout(
    async () => {
      const end = await ask()
      const result = {
        seconds: (performance.now() - at) / 1000,
        bytes: end.received - start.received,
        answers: counter.answers - answers,
        cpu: cpuSeconds() + end.cpu - cpu,
      }
      console.log(`result ${JSON.stringify(result)}`)
      process.exit(0)
    },
    Number(seconds) * 1000,
  )
}

function ask(): Promise<{ received: number; cpu: number }> {
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = createConnection({ host: '127.0.0.1', port: Number(port) }, () => socket.write('?'))
    socket.on('data', (chunk) => (text += chunk.toString()))
    socket.on('error', reject)
    socket.on('end', () => resolve(JSON.parse(text) as { received: number; cpu: number }))
  })
}

const pouring: UseStream = (send) => {
  const pour = (): void => {
    while (send(CHUNK));
  }
  setImmediate(pour)
  return { onBytes: () => undefined, onRoom: pour }
}

function echoing(counter: { answers: number }): UseStream {
  return (send) => {
    let missing = MESSAGE.length
    setImmediate(() => send(MESSAGE))
    return {
      onBytes: (count) => {
        missing -= count
        if (missing > 0) return
        counter.answers++
        missing = MESSAGE.length
        send(MESSAGE)
      },
      onRoom: () => undefined,
    }
  }
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}
