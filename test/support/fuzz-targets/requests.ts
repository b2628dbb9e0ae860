import { isDeepStrictEqual } from 'node:util'
import type { RawHeaders } from '../../../src/proxy/http/api.js'
import type { Http1RequestHead } from '../../../src/proxy/http/request-head.js'
import { RequestParser } from '../../../src/proxy/http/request-parser.js'
import { cutAnywhere, mustEqual, type FuzzTarget } from '../fuzz.js'
import { NODE_METHODS, nodeReads, type ReadRequest } from '../node-http-parser.js'
import type { Random } from '../random.js'

const MAX_HEAD = 8 * 1024

interface Reading {
  readonly whole: readonly ReadRequest[]
  readonly failed: boolean
}

/** What our parser makes of it. Behind a request after which the connection ends nothing is read. */
function weRead(pieces: readonly Buffer[]): Reading {
  const whole: ReadRequest[] = []
  let head: Http1RequestHead | null = null
  let body = ''
  let ended = false
  const parser = new RequestParser(
    {
      onHead(given) {
        head = given
        body = ''
        parser.flowing = true
      },
      onBody: (slice) => (body += slice.toString('latin1')),
      onComplete(trailers) {
        if (head !== null) whole.push(asRead(head, body, trailers))
        ended = head?.keepAlive === false || head?.upgrade !== null
      },
    },
    MAX_HEAD,
  )
  try {
    for (const piece of pieces) {
      for (let at = 0; at < piece.length && !ended;) {
        at = parser.push(piece, at)
        if (parser.over && !ended) parser.next()
      }
    }
  } catch {
    return { whole, failed: true }
  }
  return { whole, failed: false }
}

function asRead(head: Http1RequestHead, body: string, trailers: RawHeaders): ReadRequest {
  const { method, target, version, headers, authority } = head
  return { method, target, version, headers: ['host', authority, ...headers], body, trailers: [...trailers] }
}

/** Requests as far as two readers may tell them in different words. */
function plain({ method, target, version, headers, body, trailers }: ReadRequest): unknown {
  const fields = (raw: readonly string[]): string[] => {
    const lines: string[] = []
    for (let i = 0; i < raw.length; i += 2) lines.push(`${raw[i]!.toLowerCase()}: ${raw[i + 1]!}`)
    return lines.sort()
  }
  const path = /^https?:\/\/[^/?]*(.*)$/i.exec(target)?.[1]
  const where = path === undefined ? target : path.startsWith('/') ? path : `/${path}`
  return { method, where, version, headers: fields(headers), body, trailers: fields(trailers) }
}

const FIELDS = [
  'Content-Length: 3',
  'Content-Length: 0',
  'Content-Length: 03',
  'Content-Length:  3 ',
  'Content-Length: 3, 3',
  'Content-Length: +3',
  'Content-Length : 3',
  'content-length: 1',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: Chunked ',
  'Transfer-Encoding: chunked, chunked',
  'Transfer-Encoding: identity, chunked',
  'Transfer-Encoding:\tchunked',
  'Transfer-Encoding: \x0bchunked',
  'Transfer-Encoding : chunked',
  'transfer-encoding: x',
  'Connection: close',
  'Connection: keep-alive, x',
  'Connection: upgrade',
  'Upgrade: echo',
  'Expect: 100-continue',
  'X: y',
  'X: \xe4\xf6',
  'X:',
  ' folded: x',
  '\tfolded',
  'no colon',
  'Host: y',
  'X: a\rb',
  'X: a\0b',
]
const BODIES = [
  '',
  'abc',
  '0\r\n\r\n',
  '3\r\nabc\r\n0\r\n\r\n',
  '3;x=y\r\nabc\r\n0\r\nT: 1\r\n\r\n',
  '3 \r\nabc\r\n0\r\n\r\n',
  '3\nabc\r\n0\r\n\r\n',
  '0003\r\nabc\r\n00\r\n\r\n',
  '3\r\nabcd\r\n0\r\n\r\n',
  '0x3\r\nabc\r\n0\r\n\r\n',
  '-3\r\nabc\r\n0\r\n\r\n',
  '3\r\nabc\r\n0\r\nContent-Length: 5\r\n\r\n',
]
const ENDS = ['\r\n', '\r\n', '\r\n', '\r\n', '\r\n', '\r\n', '\r\n', '\r\n', '\n', '\r', '\r\r\n', '\r\n\r\n']

function requestText(random: Random): string {
  const method = random.pick(['GET', 'POST', 'PUT', 'HEAD', 'OPTIONS', 'get', 'PATCHY', 'M-SEARCH'])
  const target = random.pick(['/', '/a?b=c', '*', 'http://x/a', 'http://x', '/a#b', '//x', '/\xe4', '/a b', 'x:1'])
  const version = random.pick(['1.1', '1.1', '1.1', '1.1', '1.1', '1.0', '1.2', '2.0', '01.1'])
  const end = random.chance(0.8) ? '\r\n' : random.pick(ENDS)
  let text = `${random.chance(0.05) ? random.pick(['\r\n', '\n', ' ']) : ''}${method} ${target} HTTP/${version}${end}Host: x\r\n`
  for (let left = random.below(4); left > 0; left--)
    text += random.pick(FIELDS) + (random.chance(0.9) ? '\r\n' : random.pick(ENDS))
  return `${text}\r\n${random.pick(BODIES)}`
}

/** We take any token as a method, raw UTF-8 in a target as nginx does, and any trailer: what may not stand there is dropped. */
function isOurs({ method, target, trailers }: ReadRequest): boolean {
  const isFraming = (name: string): boolean => /^(?:content-length|transfer-encoding)$/i.test(name)
  return !NODE_METHODS.has(method) || /[\x80-\xff]/.test(target) || trailers.some(isFraming)
}

/**
 * Requests one behind the other, read by us in one piece and in many, and by Node's parser: what we let through, Node
 * reads in the same way.
 */
export const requestsTarget: FuzzTarget = {
  name: 'requests of HTTP/1.1',
  corpus: [
    'GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: y\r\n\r\n',
    'POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhelloGET /b HTTP/1.1\r\nHost: x\r\n\r\n',
    'PUT /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nT: 1\r\n\r\nGET / HTTP/1.0\r\nHost: x\r\n\r\n',
  ].map((text) => Buffer.from(text, 'latin1')),
  generate(random) {
    let text = ''
    for (let left = 1 + random.below(3); left > 0; left--) text += requestText(random)
    return Buffer.from(text, 'latin1')
  },
  run(input, random) {
    const ours = weRead([input])
    mustEqual(weRead(cutAnywhere(input, random)), ours, 'in pieces')
    const theirs = nodeReads(input)
    for (const [i, request] of ours.whole.entries()) {
      const other = theirs[i]
      if (other === undefined && isOurs(request)) return 'what Node does not know'
      if (other === undefined) throw new Error(`Node reads no request ${i}: ${JSON.stringify(request)}`)
      if (isDeepStrictEqual(plain(request), plain(other))) continue
      throw new Error(`two readings: ours ${JSON.stringify(plain(request))}, Node's ${JSON.stringify(plain(other))}`)
    }
    if (theirs.length > ours.whole.length) return ours.failed ? 'refused by us alone' : 'cut off by us'
    return ours.failed ? 'refused' : ours.whole.length > 0 ? 'read' : 'unfinished'
  },
  mustReach: ['read', 'refused', 'refused by us alone', 'what Node does not know'],
}
