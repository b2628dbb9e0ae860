import type { Socket } from 'node:net'
import { NetworkError } from '../core/errors.js'
import { printable } from '../core/printable.js'
import { VERSION } from '../core/version.js'
import type { HostPort } from '../config/index.js'
import { hostPortText } from './addresses.js'
import type { ProxyAddress } from './proxy-env.js'

const MAX_ANSWER_BYTES = 16 * 1024
const BODY_SHOWN = 200

/**
 * Asks an HTTP proxy on a connected socket to connect to `target` (RFC 9110 §9.3.6). Resolves when it has; the socket
 * is then paused, with nothing read beyond the answer. Rejects with NetworkError(UR_PROXY_CONNECT); the caller destroys
 * the socket.
 */
export function proxyConnect(socket: Socket, proxy: ProxyAddress, target: HostPort): Promise<void> {
  const authority = hostPortText(target)
  const login = proxy.authorization === null ? '' : `Proxy-Authorization: ${proxy.authorization}\r\n`
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${login}User-Agent: uniroute/${VERSION}\r\n\r\n`)
  const failed = (what: string): NetworkError =>
    new NetworkError('UR_PROXY_CONNECT', `the proxy ${hostPortText(proxy)} was asked for ${authority}: ${what}`)
  return new Promise((resolve, reject) => {
    let answer = Buffer.alloc(0)
    const stop = (): void => {
      socket.off('data', onData).off('end', onEnd).off('close', onEnd).off('error', onError)
      socket.pause()
    }
    const fail = (what: string): void => {
      stop()
      reject(failed(what))
    }
    const onData = (chunk: Buffer): void => {
      answer = Buffer.concat([answer, chunk])
      const end = answer.indexOf('\r\n\r\n')
      if (end === -1) {
        if (answer.length > MAX_ANSWER_BYTES) fail(`its answer has no end within ${MAX_ANSWER_BYTES} bytes`)
        return
      }
      const head = answer.toString('latin1', 0, end)
      const rest = answer.subarray(end + 4)
      const [, status] = /^HTTP\/1\.[01] (\d{3})/.exec(head) ?? []
      if (status === undefined) return fail(`it does not answer as an HTTP proxy does: ${firstLine(head)}`)
      if (!status.startsWith('2')) return fail(refusal(proxy, head, status, rest))
      if (rest.length > 0) return fail('it sent bytes behind its answer before anything was asked of the server')
      stop()
      resolve()
    }
    const onEnd = (): void => fail('it closed the connection without an answer')
    const onError = (error: Error): void => fail(error.message)
    socket.on('data', onData).on('end', onEnd).on('close', onEnd).on('error', onError)
  })
}

function refusal(proxy: ProxyAddress, head: string, status: string, body: Buffer): string {
  const said = body
    .toString('utf8')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, BODY_SHOWN)
  const answer = `it answered "${firstLine(head)}"${said === '' ? '' : ` (${printable(said)})`}`
  if (status !== '407') return answer
  return proxy.authorization === null
    ? `${answer}. Put a user and a password into https_proxy: http://USER:PASSWORD@HOST:PORT`
    : `${answer}. It does not take the user and password of https_proxy`
}

function firstLine(head: string): string {
  return printable(head.split('\r\n', 1)[0]!.slice(0, BODY_SHOWN))
}
