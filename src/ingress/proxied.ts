import type { Socket } from 'node:net'
import { NetworkError, ProtocolError, type UniRouteError } from '../core/errors.js'
import { parseProxyHeader, type ProxyHeader } from '../hello/index.js'
import type { Visitor } from '../tunnels/index.js'

/** Where a connection comes from and went to: its own ends, or those that a trusted proxy told. */
export function visitorOf(socket: Socket, proxy: ProxyHeader | null): Visitor {
  const source = proxy?.source ?? null
  const destination = proxy?.destination ?? null
  if (source !== null && destination !== null) {
    const { address, port } = source
    return { address, port, serverAddress: destination.address, serverPort: destination.port }
  }
  return {
    address: plainAddress(socket.remoteAddress),
    port: socket.remotePort ?? 0,
    serverAddress: plainAddress(socket.localAddress),
    serverPort: socket.localPort ?? 0,
  }
}

/** IPv4-mapped IPv6 addresses in their IPv4 form. */
function plainAddress(address: string | undefined): string {
  return address === undefined ? '' : address.startsWith('::ffff:') ? address.slice(7) : address
}

/**
 * Reads the PROXY protocol header that a trusted proxy sends first. What follows it is back in the socket's buffer,
 * and the socket is paused. Rejects with NetworkError UR_HELLO_TIMEOUT, UR_HELLO_CLOSED or ProtocolError
 * UR_PROXY_HEADER_INVALID; the caller closes.
 */
export function readProxyHeader(socket: Socket, timeoutMs: number): Promise<ProxyHeader> {
  return new Promise((resolve, reject) => {
    let bytes: Buffer = Buffer.alloc(0)
    const leave = (): void => {
      clearTimeout(timer)
      socket.off('data', onData).off('end', onEnd).off('close', onEnd)
      socket.pause()
    }
    const fail = (error: UniRouteError): void => {
      leave()
      reject(error)
    }
    const onData = (chunk: Buffer): void => {
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk])
      const result = parseProxyHeader(bytes)
      if (result.kind === 'need') return
      if (result.kind === 'invalid') return fail(new ProtocolError('UR_PROXY_HEADER_INVALID', result.reason))
      leave()
      if (result.length < bytes.length) socket.unshift(bytes.subarray(result.length))
      resolve(result.header)
    }
    const onEnd = (): void =>
      fail(new NetworkError('UR_HELLO_CLOSED', 'the connection was closed before its PROXY header'))
    const onTimeout = (): void =>
      fail(new NetworkError('UR_HELLO_TIMEOUT', `no whole PROXY header within ${timeoutMs} ms`))
    const timer = setTimeout(onTimeout, timeoutMs)
    socket.on('data', onData).on('end', onEnd).on('close', onEnd)
    socket.resume()
  })
}
