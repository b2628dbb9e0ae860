import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net'

export interface Address {
  host: string
  port: number
}

/** Ports that were free a moment ago. All are held at the same time, so that no two are equal. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer()
      await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

/** Resolves with a connected socket. Throws after the time-out. */
export function connectTo(address: Address, timeoutMs = 5000): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ ...address, noDelay: true })
    const timer = setTimeout(() => {
      socket.destroy()
      reject(new Error(`no connection to port ${address.port} within ${timeoutMs} ms`))
    }, timeoutMs)
    socket.once('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
    socket.once('connect', () => {
      clearTimeout(timer)
      // A later failure is seen by its effect: the socket is closed.
      socket.on('error', () => undefined)
      resolve(socket)
    })
  })
}

/** Sends `request` and resolves, when `answerBytes` bytes have come back, with the milliseconds that took. */
export function exchange(socket: Socket, request: Buffer, answerBytes: number, timeoutMs = 10_000): Promise<number> {
  return new Promise((resolve, reject) => {
    const start = performance.now()
    let missing = answerBytes
    const done = (finish: () => void): void => {
      clearTimeout(timer)
      socket.off('data', onData).off('close', onClose)
      finish()
    }
    const onData = (chunk: Buffer): void => {
      missing -= chunk.length
      if (missing <= 0) done(() => resolve(performance.now() - start))
    }
    const onClose = (): void => done(() => reject(new Error('the connection was closed before the answer')))
    const timer = setTimeout(() => done(() => reject(new Error(`no answer within ${timeoutMs} ms`))), timeoutMs)
    socket.on('data', onData).once('close', onClose)
    socket.write(request)
  })
}

/** Tries until one byte sent to an echoing address comes back. */
export async function waitForEcho(address: Address, stillAlive: () => void, timeoutMs = 20_000): Promise<void> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    let socket: Socket | undefined
    try {
      socket = await connectTo(address, 1000)
      await exchange(socket, Buffer.from('?'), 1, 1000)
      return
    } catch (error) {
      stillAlive()
      if (Date.now() > deadline) throw new Error('the tunnel did not answer', { cause: error })
      await new Promise((resolve) => setTimeout(resolve, 50))
    } finally {
      socket?.destroy()
    }
  }
}
