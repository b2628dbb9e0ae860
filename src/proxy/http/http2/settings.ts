import { ErrorCode, FRAME_SIZE, INITIAL_WINDOW, LARGEST, Setting } from '../../../http2/index.js'
import type { HttpLimits } from '../limits.js'
import { ConnectionViolation } from './violation.js'

const ENTRY = 6
/** Bytes of a body that a visitor may send before we have passed any on. */
export const WINDOW = 1024 * 1024
/** And of all bodies of a connection together (RFC 9113 leaves it at 64 KiB: 10 Mbit/s over 50 ms). */
export const CONNECTION_WINDOW = 2 * WINDOW

/** What we say of what a visitor may send. */
export function ownSettings({ headerBytes, concurrentStreams }: HttpLimits): readonly (readonly [number, number])[] {
  return [
    [Setting.MAX_CONCURRENT_STREAMS, concurrentStreams],
    [Setting.INITIAL_WINDOW_SIZE, WINDOW],
    [Setting.MAX_HEADER_LIST_SIZE, headerBytes],
    [Setting.ENABLE_CONNECT_PROTOCOL, 1],
  ]
}

/** What a visitor's SETTINGS say of what we may send (RFC 9113 §6.5.2). */
export class PeerSettings {
  /** Bytes of the window of a stream that begins. */
  initialWindow = INITIAL_WINDOW
  /** Bytes of the table of field compression, each size in turn that the last ones named: a smaller one empties it. */
  headerTables: number[] = []

  /** Takes the payload `bytes[start, end)`. Throws ConnectionViolation. */
  take(bytes: Buffer, start: number, end: number): void {
    if ((end - start) % ENTRY !== 0) throw new ConnectionViolation(ErrorCode.FRAME_SIZE_ERROR, 'SETTINGS are cut')
    this.headerTables = []
    for (let at = start; at < end; at += ENTRY) this.#set(bytes.readUInt16BE(at), bytes.readUInt32BE(at + 2))
  }

  #set(id: number, value: number): void {
    if (id === Setting.HEADER_TABLE_SIZE) this.headerTables.push(value)
    else if (id === Setting.INITIAL_WINDOW_SIZE) {
      if (value > LARGEST) throw new ConnectionViolation(ErrorCode.FLOW_CONTROL_ERROR, 'a window is too large')
      this.initialWindow = value
    } else if (id === Setting.ENABLE_PUSH && value > 1) throw wrong('ENABLE_PUSH')
    else if (id === Setting.ENABLE_CONNECT_PROTOCOL && value > 1) throw wrong('ENABLE_CONNECT_PROTOCOL')
    else if (id === Setting.MAX_FRAME_SIZE && (value < FRAME_SIZE || value > 0xffffff)) throw wrong('MAX_FRAME_SIZE')
  }
}

function wrong(what: string): ConnectionViolation {
  return new ConnectionViolation(ErrorCode.PROTOCOL_ERROR, `${what} is not what it may be`)
}
