import type { Socket } from 'node:net'
import type { RawHeaders } from '../../proxy/http/api.js'
import { UpstreamDialer } from '../../agent/dial-upstream.js'
import type { TunnelSpec } from '../../agent/api.js'
import type { Clock } from '../../core/clock.js'
import { UniRouteError, UpstreamError } from '../../core/errors.js'
import { printable } from '../../core/printable.js'
import type { Exchange } from '../exchange.js'
import type { ExchangeWriter, RequestHead } from '../reader.js'
import type { Outgoing } from './outgoing.js'
import { sendHttp1 } from './send-http1.js'
import { sendHttp2 } from './send-http2.js'

/** What is known of where requests go. */
export type UpstreamSpec = Pick<TunnelSpec, 'name' | 'kind' | 'upstream' | 'upstreamTls' | 'http'>

export interface SendOptions {
  readonly clock: Clock
  /** For connecting, and then for the whole answer, ms. */
  readonly timeoutMs: number
  /** Begins the exchange that is sent. */
  begin(head: RequestHead): ExchangeWriter
}

/** How an answer comes in; each protocol calls these. */
export interface AnswerEvents {
  head(status: number, reason: string, fields: RawHeaders): void
  body(bytes: Buffer): void
  /** Last, unless it failed. */
  end(trailers: RawHeaders): void
  /** Last; text for people. */
  failed(reason: string): void
}

/** Speaks one request over a socket that is its own. Returns what gives it up. */
export type Speak = (socket: Socket, outgoing: Outgoing, scheme: 'http' | 'https', events: AnswerEvents) => () => void

/**
 * Sends a request to an upstream, over a connection of its own as the agent makes them, and keeps what comes back.
 * An answer that has begun and does not end in time, or is cut, is an exchange that is `cut`. Throws UpstreamError
 * UR_UPSTREAM_…, UR_REPLAY_TIMED_OUT, UR_REPLAY_FAILED; what `begin` throws.
 */
export async function send(spec: UpstreamSpec, outgoing: Outgoing, options: SendOptions): Promise<Exchange> {
  const { clock, timeoutMs, begin } = options
  const dialer = new UpstreamDialer(spec, { timeoutMs, clock })
  const isHttp2 = spec.http?.upstreamProtocol === 'http2'
  const socket = await dial(dialer)
  const writer = begin(headOf(outgoing, isHttp2, clock.now()))
  const { exchange } = writer
  writer.requestBody(outgoing.body, clock.now())
  return new Promise((resolve, reject) => {
    let answered = false
    let over = false
    let cancel = (): void => undefined
    const finish = (): void => {
      clearTimeout(timer)
      cancel()
      socket.destroy()
    }
    const fail = (error: UniRouteError): void => {
      if (over) return
      over = true
      finish()
      writer.cut(error.message, clock.now())
      if (answered) resolve(exchange)
      else reject(error)
    }
    const timer = setTimeout(() => {
      const message = `The upstream ${dialer.name} did not ${answered ? 'end its answer' : 'answer'} within ${timeoutMs / 1000} s.`
      fail(new UpstreamError('UR_REPLAY_TIMED_OUT', message))
    }, timeoutMs)
    const speak: Speak = isHttp2 ? sendHttp2 : sendHttp1
    const scheme = spec.upstream.kind === 'tls' ? 'https' : 'http'
    const events: AnswerEvents = {
      head: (status, reason, fields) => {
        answered = true
        writer.answer({ status, reason, fields }, clock.now())
      },
      body: (bytes) => writer.answerBody(bytes, clock.now()),
      end: (trailers) => {
        if (over) return
        over = true
        writer.answerEnd(trailers, clock.now())
        finish()
        resolve(exchange)
      },
      failed: (reason) => {
        const when = answered ? 'in the middle of its answer' : 'before it had answered'
        const message = `The upstream ${dialer.name} failed ${when}: ${printable(reason)}.`
        fail(new UpstreamError('UR_REPLAY_FAILED', message))
      },
    }
    try {
      cancel = speak(socket, outgoing, scheme, events)
      writer.requestEnd([], clock.now())
    } catch (error) {
      // Node says no to what HTTP forbids
      const message = `The request cannot be sent: ${printable((error as Error).message)}.`
      fail(new UniRouteError('UR_REPLAY_REQUEST', message, { cause: error }))
    }
  })
}

function dial(dialer: UpstreamDialer): Promise<Socket> {
  return new Promise((resolve, reject) => dialer.dial({ connected: resolve, failed: reject }))
}

function headOf({ method, target, host, fields }: Outgoing, isHttp2: boolean, startedAtMs: number): RequestHead {
  const flat = fields.flatMap(({ name, value }) => [name, value])
  return {
    method,
    target,
    host,
    protocol: isHttp2 ? 'HTTP/2.0' : 'HTTP/1.1',
    fields: isHttp2 ? flat : ['Host', host, ...flat],
    startedAtMs,
  }
}
