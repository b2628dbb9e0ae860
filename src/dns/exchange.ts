import { randomInt } from 'node:crypto'
import dgram from 'node:dgram'
import { connect, isIPv6 } from 'node:net'
import { DnsFailure, DnsUnreachable } from './failure.js'
import { CLASS, decodeMessage, type DnsMessage, encodeMessage, OPCODE } from './message.js'
import { DnsFormatError } from './name.js'

/** Where a DNS server is. */
export interface DnsServer {
  /** For UDP an address; for TCP a name will do. */
  readonly host: string
  readonly port: number
}

export interface ExchangeOptions {
  /** For the whole answer, ms. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

export interface QueryOptions extends ExchangeOptions {
  /** Whether the server may ask others: true for resolvers, false for the name servers of a zone. */
  readonly recursion: boolean
}

/** How often a question is sent again over UDP, ms. */
const RESEND_MS = 800
/** What a socket says when this machine has no way to an address. */
const NO_WAY = new Set(['ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL', 'ENETDOWN'])

/** 16 random bits. */
export function newId(): number {
  return randomInt(0x1_0000)
}

/** `host:port`, an IPv6 address in brackets. */
export function serverText({ host, port }: DnsServer): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/**
 * Puts one question to one server, over UDP, and over TCP when the answer does not fit. What does not answer this
 * question is passed over. Throws DnsFailure, and what `signal` was aborted with.
 */
export async function query(server: DnsServer, name: string, type: number, options: QueryOptions): Promise<DnsMessage> {
  const id = newId()
  const questions = [{ name, type, class: CLASS.IN }]
  const bytes = encodeMessage({ id, opcode: OPCODE.QUERY, recursionDesired: options.recursion, questions })
  const asked = decodeMessage(bytes)
  const short = await overUdp(server, bytes, asked, options)
  if (!short.isTruncated) return short
  const long = tryDecode(await exchangeOverTcp(server, bytes, options))
  if (long === null || !answers(long, asked)) throw new DnsFailure(`${serverText(server)} answered something else`)
  return long
}

/** Whether it is the answer to this question: same id, same kind, same question where it is told again. */
function answers(answer: DnsMessage, asked: DnsMessage): boolean {
  const [theirs, ours] = [answer.questions[0], asked.questions[0]]
  const isSame = theirs === undefined || (theirs.name === ours?.name && theirs.type === ours.type)
  return answer.isResponse && answer.id === asked.id && answer.opcode === asked.opcode && isSame
}

function overUdp(
  server: DnsServer,
  bytes: Buffer,
  asked: DnsMessage,
  { timeoutMs, signal }: ExchangeOptions,
): Promise<DnsMessage> {
  const socket = dgram.createSocket(isIPv6(server.host) ? 'udp6' : 'udp4')
  return exchange(server, timeoutMs, signal, (resolve, reject) => {
    const resend = setInterval(() => socket.send(bytes), RESEND_MS)
    socket.on('error', reject)
    socket.on('message', (message) => {
      const answer = tryDecode(message)
      if (answer !== null && answers(answer, asked)) resolve(answer)
    })
    // Connected: only packets from the server arrive, and its refusals.
    socket.once('connect', () => socket.send(bytes))
    socket.connect(server.port, server.host)
    return () => {
      clearInterval(resend)
      socket.close()
    }
  })
}

function tryDecode(message: Buffer): DnsMessage | null {
  try {
    return decodeMessage(message)
  } catch (error) {
    if (error instanceof DnsFormatError) return null
    throw error
  }
}

/**
 * Sends a message over TCP (RFC 7766) and gives back the bytes of the first one that comes. Throws DnsFailure, and what
 * `signal` was aborted with.
 */
export function exchangeOverTcp(
  server: DnsServer,
  bytes: Buffer,
  { timeoutMs, signal }: ExchangeOptions,
): Promise<Buffer> {
  return exchange(server, timeoutMs, signal, (resolve, reject) => {
    const socket = connect({ host: server.host, port: server.port })
    let got = Buffer.alloc(0)
    socket.on('error', reject)
    socket.on('connect', () => {
      const length = Buffer.alloc(2)
      length.writeUInt16BE(bytes.length)
      socket.write(Buffer.concat([length, bytes]))
    })
    socket.on('data', (chunk) => {
      got = Buffer.concat([got, chunk])
      const end = got.length < 2 ? Infinity : 2 + got.readUInt16BE(0)
      if (got.length >= end) resolve(got.subarray(2, end))
    })
    socket.on('close', () => reject(new DnsFailure(`${serverText(server)} closed the connection without an answer`)))
    return () => socket.destroy()
  })
}

/** Runs one exchange until it ends, its time is over or it is aborted; `start` gives back what cleans up. */
async function exchange<T>(
  server: DnsServer,
  timeoutMs: number,
  signal: AbortSignal,
  start: (resolve: (answer: T) => void, reject: (error: Error) => void) => () => void,
): Promise<T> {
  signal.throwIfAborted()
  let end = (): void => {}
  try {
    return await new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new DnsFailure(`${serverText(server)} did not answer within ${timeoutMs} ms`))
      }, timeoutMs)
      const abort = (): void => reject(signal.reason as Error)
      signal.addEventListener('abort', abort)
      const cleanUp = start(resolve, reject)
      end = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', abort)
        cleanUp()
      }
    })
  } catch (error) {
    if (signal.aborted) throw signal.reason
    throw asFailure(error, server)
  } finally {
    end()
  }
}

function asFailure(error: unknown, server: DnsServer): Error {
  if (error instanceof DnsFailure) return error
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
  const at = serverText(server)
  if (NO_WAY.has(code)) return new DnsUnreachable(`this machine has no way to ${at} (${code})`, { cause: error })
  const why =
    code === 'ECONNREFUSED'
      ? 'nothing answers there'
      : code === 'ENOTFOUND'
        ? 'there is no such name'
        : `it failed (${code})`
  return new DnsFailure(`${at}: ${why}`, { cause: error })
}
