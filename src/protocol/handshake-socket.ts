import type { Socket } from 'node:net'
import { NetworkError, type UniRouteError } from '../core/errors.js'
import { AgentHandshake, ServerHandshake } from './handshake.js'
import type { Attach, Hello, PrefaceInit, Welcome, WelcomeInit } from './messages.js'
import { refusedOf, type RefusedDetails } from './refusal.js'
import { CAPABILITIES, commonCapabilities, SUPPORTED_VERSIONS } from './version.js'

/** How long either side waits for the other's half of the preface, in ms. */
export const HANDSHAKE_TIMEOUT_MS = 5000

/** How long a refused peer may take to read why before its connection is cut, in ms. */
const LINGER_MS = 2000

export interface AgentHandshakeOptions {
  /** Default 5000. */
  timeoutMs?: number
  /** Aborting rejects with the signal's reason. */
  signal?: AbortSignal
}

/**
 * Sends `preface` on a connected TLS socket and waits for the answer. The socket comes back paused; `head` holds the
 * bytes read behind the Welcome. `capabilities` are those that both sides have.
 * Throws ServerRefusal, ProtocolError, or NetworkError (UR_HANDSHAKE_TIMEOUT, UR_HANDSHAKE_CLOSED); the socket is then
 * destroyed.
 */
export async function agentHandshake(
  socket: Socket,
  preface: PrefaceInit,
  options: AgentHandshakeOptions = {},
): Promise<{ welcome: Welcome; head: Buffer; capabilities: string[] }> {
  const machine = new AgentHandshake(preface)
  const timeoutMs = options.timeoutMs ?? HANDSHAKE_TIMEOUT_MS
  try {
    socket.write(machine.firstBytes)
    const { welcome, head } = await readUntil(socket, (chunk) => machine.push(chunk), {
      timeoutMs,
      signal: options.signal,
      timedOut: () =>
        new NetworkError('UR_HANDSHAKE_TIMEOUT', `The server did not answer Hello within ${timeoutMs / 1000} s.`),
      closed: (cause) =>
        new NetworkError(
          'UR_HANDSHAKE_CLOSED',
          `The server closed the connection before it answered Hello${because(cause)}.`,
          { cause },
        ),
    })
    return { welcome, head, capabilities: commonCapabilities(CAPABILITIES, welcome.capabilities) }
  } catch (error) {
    socket.destroy()
    throw error
  }
}

export interface ServerHandshakeOptions {
  /** Default 5000. */
  timeoutMs?: number
  /** Protocol versions that are spoken. */
  versions?: readonly number[]
  /** What this side can do. */
  capabilities?: readonly string[]
}

/** A carrier whose preface was read. Exactly one of `hello` and `attach` is set; call `welcome` or `refuse` once. */
export interface IncomingCarrier {
  readonly hello: Hello | null
  readonly attach: Attach | null
  /** Bytes read behind the preface: the start of the agent's yamux frames. */
  readonly head: Buffer
  /** What both sides can do; empty for an Attach (it has what its session has). */
  readonly capabilities: readonly string[]
  /** Answers yes. Protocol version and capabilities are filled in. */
  welcome(welcome: Omit<WelcomeInit, 'protocol' | 'capabilities'>): void
  /** Answers no with the code and message of `error`, and closes the connection. */
  refuse(error: unknown, details?: RefusedDetails): void
}

/**
 * Reads the preface of a carrier on the server. The socket comes back paused, and has an error listener.
 * When no preface came (nothing within the deadline, garbage, another protocol version), the agent is told why as far
 * as it can be, the connection is closed, and the promise rejects with ProtocolError or NetworkError.
 */
export async function serverHandshake(socket: Socket, options: ServerHandshakeOptions = {}): Promise<IncomingCarrier> {
  const versions = options.versions ?? SUPPORTED_VERSIONS
  const timeoutMs = options.timeoutMs ?? HANDSHAKE_TIMEOUT_MS
  const machine = new ServerHandshake(versions)
  // Until the wire takes the socket over, an error on it must not become an uncaught one; 'close' follows in any case.
  socket.on('error', () => undefined)
  try {
    const { preface, head } = await readUntil(socket, (chunk) => machine.push(chunk), {
      timeoutMs,
      timedOut: () =>
        new NetworkError('UR_HANDSHAKE_TIMEOUT', `No whole Hello or Attach came within ${timeoutMs / 1000} s.`),
      closed: (cause) =>
        new NetworkError(
          'UR_HANDSHAKE_CLOSED',
          `The agent closed the connection before its Hello or Attach was complete${because(cause)}.`,
          { cause },
        ),
    })
    const first = preface.hello ?? preface.attach
    const ours = options.capabilities ?? CAPABILITIES
    const capabilities = preface.hello ? commonCapabilities(ours, preface.hello.capabilities) : []
    return {
      ...preface,
      head,
      capabilities,
      welcome: (welcome) => {
        socket.write(ServerHandshake.reply({ welcome: { ...welcome, protocol: first.protocol, capabilities } }))
      },
      refuse: (error, details) => refuse(socket, error, details),
    }
  } catch (error) {
    refuse(socket, error, {
      retryable: error instanceof NetworkError,
      protocols: (error as UniRouteError).code === 'UR_PROTOCOL_VERSION' ? [...versions] : [],
    })
    throw error
  }
}

function refuse(socket: Socket, error: unknown, details?: RefusedDetails): void {
  if (socket.destroyed) return
  socket.end(ServerHandshake.reply({ refused: refusedOf(error, details) }))
  // What the agent sent already is read and dropped: closing over unread bytes would be a reset, and lose the reason.
  socket.resume()
  const linger = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.once('close', () => clearTimeout(linger))
}

interface ReadUntil {
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  timedOut(): Error
  closed(cause: Error | null): Error
}

/** Feeds the socket to `push` until that returns something; leaves the socket paused and without our listeners. */
function readUntil<T>(socket: Socket, push: (chunk: Buffer) => T | null, options: ReadUntil): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let failure: Error | null = null
    const stop = (): void => {
      clearTimeout(timer)
      socket.off('data', onData).off('end', onEnd).off('error', onError).off('close', onEnd)
      options.signal?.removeEventListener('abort', onAbort)
      socket.pause()
    }
    const fail = (error: Error): void => {
      stop()
      reject(error)
    }
    const onData = (chunk: Buffer): void => {
      try {
        const result = push(chunk)
        if (result === null) return
        stop()
        resolve(result)
      } catch (error) {
        fail(error as Error)
      }
    }
    const onError = (error: Error): void => {
      failure = error
    }
    const onEnd = (): void => fail(options.closed(failure))
    const onAbort = (): void => fail(options.signal?.reason as Error)
    const timer = setTimeout(() => fail(options.timedOut()), options.timeoutMs)
    if (socket.destroyed) return fail(options.closed(socket.errored))
    if (options.signal?.aborted) return onAbort()
    socket.on('data', onData).on('end', onEnd).on('error', onError).on('close', onEnd)
    options.signal?.addEventListener('abort', onAbort)
    socket.resume()
  })
}

function because(cause: Error | null): string {
  return cause ? `: ${cause.message}` : ''
}
