import type { Socket } from 'node:net'
import type { Code } from '../core/error-codes.js'
import { LimitError, NetworkError, ProtocolError, type UniRouteError } from '../core/errors.js'
import { MAX_HELLO_BYTES, parseClientHello, type ClientHello } from './client-hello.js'
import { detectProxyHeader, parseProxyHeader, type ProxyHeader } from './proxy-header.js'

export interface PeekOptions {
  /** Milliseconds until the whole ClientHello must be there, from the call on. Default 5000. */
  readonly timeoutMs?: number
  /** Most bytes of the ClientHello, PROXY header not counted. Default 16 KiB. */
  readonly maxBytes?: number
  /** The connection comes from a trusted proxy: it must begin with a PROXY protocol header. Default false. */
  readonly trustedProxy?: boolean
}

export interface Peeked {
  readonly hello: ClientHello
  /** The PROXY header that stood before the ClientHello; null without `trustedProxy`. */
  readonly proxy: ProxyHeader | null
}

/**
 * Waits for a ClientHello on a fresh connection without consuming it: when the promise resolves, all bytes after the
 * PROXY header are back in the socket's read buffer, the socket is paused, and no listener or timer is left.
 * More bytes may still arrive in that buffer until the socket is handed on.
 *
 * Rejects, with the socket paused, open and without listeners, and the bytes dropped:
 * `NetworkError` UR_HELLO_TIMEOUT, UR_HELLO_CLOSED (before the whole came); `LimitError` UR_HELLO_TOO_LONG;
 * `ProtocolError` UR_HELLO_NOT_TLS, UR_HELLO_PLAIN_HTTP, UR_HELLO_INVALID, UR_PROXY_HEADER_INVALID,
 * UR_PROXY_HEADER_UNTRUSTED.
 * The caller answers and closes; it must have an 'error' listener of its own on the socket.
 */
export function peek(socket: Socket, options: PeekOptions = {}): Promise<Peeked> {
  const { timeoutMs = 5000, maxBytes = MAX_HELLO_BYTES, trustedProxy = false } = options
  return new Promise((resolve, reject) => {
    const collector = new HelloCollector(maxBytes, trustedProxy)
    const onData = (chunk: Buffer): void => {
      const outcome = collector.add(chunk)
      if (outcome === null) return
      leave()
      if (outcome instanceof Error) return reject(outcome)
      socket.unshift(collector.payload())
      resolve(outcome)
    }
    const onError = (error: Error): void => fail(closed(collector, error))
    const onEnd = (): void => fail(closed(collector))
    const onTimeout = (): void => {
      const message = `no complete TLS ClientHello within ${timeoutMs} ms; ${collector.length} bytes came`
      fail(new NetworkError('UR_HELLO_TIMEOUT', message))
    }
    const timer = setTimeout(onTimeout, timeoutMs)
    const leave = (): void => {
      clearTimeout(timer)
      socket.off('data', onData).off('end', onEnd).off('close', onEnd).off('error', onError)
      socket.pause()
    }
    const fail = (error: UniRouteError): void => {
      leave()
      reject(error)
    }
    if (socket.destroyed || socket.readableEnded) return fail(closed(collector))
    socket.on('data', onData).on('end', onEnd).on('close', onEnd).on('error', onError)
    socket.resume()
  })
}

function closed(collector: HelloCollector, cause?: Error): NetworkError {
  const how = cause ? `failed (${cause.message})` : 'was closed'
  const message = `the connection ${how} after ${collector.length} bytes, before a complete TLS ClientHello`
  return new NetworkError('UR_HELLO_CLOSED', message, { cause })
}

/** The bytes of one connection until its ClientHello is complete. */
class HelloCollector {
  length = 0
  #bytes: Buffer = Buffer.alloc(0)
  #start = 0
  #proxy: ProxyHeader | null = null

  #awaitsProxy: boolean

  constructor(
    readonly maxBytes: number,
    trustedProxy: boolean,
  ) {
    this.#awaitsProxy = trustedProxy
  }

  /** Takes the next bytes; null while more are needed. */
  add(chunk: Buffer): Peeked | UniRouteError | null {
    this.#append(chunk)
    if (this.#awaitsProxy) {
      const result = parseProxyHeader(this.#bytes.subarray(0, this.length))
      if (result.kind === 'need') return null
      if (result.kind === 'invalid') return new ProtocolError('UR_PROXY_HEADER_INVALID', result.reason)
      this.#proxy = result.header
      this.#start = result.length
      this.#awaitsProxy = false
    }
    const result = parseClientHello(this.payload(), this.maxBytes)
    switch (result.kind) {
      case 'need':
        return null
      case 'hello':
        return { hello: { sni: result.sni, alpn: result.alpn, ech: result.ech }, proxy: this.#proxy }
      case 'too-long':
        return new LimitError('UR_HELLO_TOO_LONG', `the TLS ClientHello is longer than ${this.maxBytes} bytes`)
      case 'invalid':
        return new ProtocolError('UR_HELLO_INVALID', `not a valid TLS ClientHello: ${result.reason}`)
      case 'not-tls':
        return new ProtocolError(this.#notTlsCode(result.http), `expected a TLS ClientHello, got ${result.reason}`)
    }
  }

  #notTlsCode(http: boolean): Code {
    if (http) return 'UR_HELLO_PLAIN_HTTP'
    const untrusted = this.#proxy === null && detectProxyHeader(this.payload()) === 'yes'
    return untrusted ? 'UR_PROXY_HEADER_UNTRUSTED' : 'UR_HELLO_NOT_TLS'
  }

  /** All bytes after the PROXY header. */
  payload(): Buffer {
    return this.#bytes.subarray(this.#start, this.length)
  }

  /** The first chunk is kept as it is; later ones are copied behind it into room that doubles. */
  #append(chunk: Buffer): void {
    const length = this.length + chunk.length
    if (this.length === 0) {
      this.#bytes = chunk
    } else {
      if (length > this.#bytes.length) {
        const room = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.#bytes.length, 512))
        this.#bytes.copy(room, 0, 0, this.length)
        this.#bytes = room
      }
      chunk.copy(this.#bytes, this.length)
    }
    this.length = length
  }
}
