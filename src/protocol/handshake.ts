import { ProtocolError } from '../core/errors.js'
import { decodeMessage, DelimitedReader, encodeDelimited } from './delimited.js'
import {
  Preface,
  PrefaceReply,
  type Attach,
  type Hello,
  type PrefaceInit,
  type PrefaceReplyInit,
  type Welcome,
} from './messages.js'
import { ServerRefusal } from './refusal.js'
import { SUPPORTED_VERSIONS } from './version.js'

/** The agent's side of a preface, without a socket: send `firstBytes`, push what comes until there is a Welcome. */
export class AgentHandshake {
  readonly firstBytes: Buffer
  readonly #versions: readonly number[]
  readonly #reader = new DelimitedReader('PrefaceReply')

  constructor(preface: PrefaceInit, versions: readonly number[] = SUPPORTED_VERSIONS) {
    this.firstBytes = encodeDelimited(Preface, preface)
    this.#versions = versions
  }

  /**
   * The server's Welcome and the bytes behind it (yamux frames, not copied), or null when more bytes are needed.
   * Throws ServerRefusal when the server said no, ProtocolError when what came is no answer.
   */
  push(chunk: Buffer): { welcome: Welcome; head: Buffer } | null {
    this.#reader.push(chunk)
    const body = this.#reader.next()
    if (body === null) return null
    const reply = decodeMessage(PrefaceReply, body)
    if (reply.refused) throw new ServerRefusal(reply.refused)
    if (!reply.welcome) {
      throw new ProtocolError(
        'UR_PROTOCOL_UNEXPECTED',
        'The server answered with neither Welcome nor Refused. Update the older of the two sides.',
      )
    }
    if (!this.#versions.includes(reply.welcome.protocol)) {
      throw new ProtocolError(
        'UR_PROTOCOL_VERSION',
        `The server answered in protocol version ${reply.welcome.protocol}; this agent speaks ${list(this.#versions)}. ` +
          'Update the older of the two sides.',
      )
    }
    return { welcome: reply.welcome, head: this.#reader.takeRest() }
  }
}

/** What opened a carrier: exactly one of the two is set. */
export type PrefaceMessage = { hello: Hello; attach: null } | { hello: null; attach: Attach }

/** The server's side of a preface, without a socket. */
export class ServerHandshake {
  readonly #versions: readonly number[]
  readonly #reader = new DelimitedReader('Preface')

  constructor(versions: readonly number[] = SUPPORTED_VERSIONS) {
    this.#versions = versions
  }

  /**
   * The agent's Hello or Attach and the bytes behind it (yamux frames, not copied), or null when more are needed.
   * Throws ProtocolError: UR_PROTOCOL_VERSION, UR_PROTOCOL_UNEXPECTED, UR_PROTOCOL_MESSAGE, UR_PROTOCOL_TOO_LARGE.
   */
  push(chunk: Buffer): { preface: PrefaceMessage; head: Buffer } | null {
    this.#reader.push(chunk)
    const body = this.#reader.next()
    if (body === null) return null
    const { hello, attach } = decodeMessage(Preface, body)
    const first = hello ?? attach
    if (!first) {
      throw new ProtocolError(
        'UR_PROTOCOL_UNEXPECTED',
        'The first message on a carrier was neither Hello nor Attach. Update the older of the two sides.',
      )
    }
    if (!this.#versions.includes(first.protocol)) {
      throw new ProtocolError(
        'UR_PROTOCOL_VERSION',
        `The agent speaks protocol version ${first.protocol}; this server speaks ${list(this.#versions)}. ` +
          'Update the older of the two sides.',
      )
    }
    const preface: PrefaceMessage = hello ? { hello, attach: null } : { hello: null, attach: attach as Attach }
    return { preface, head: this.#reader.takeRest() }
  }

  /** The bytes of an answer. */
  static reply(reply: PrefaceReplyInit): Buffer {
    return encodeDelimited(PrefaceReply, reply)
  }
}

function list(versions: readonly number[]): string {
  return versions.length === 1 ? `${versions[0]}` : `one of ${versions.join(', ')}`
}
