import type { Socket } from 'node:net'
import { FrameParser, type SessionOptions } from '../../src/wire/index.js'
import { HEADER_SIZE, writeHeader } from '../../src/wire/frame.js'
import { sessionEnd, socketPair, type SessionEnd } from './wire-pair.js'

export const SYN = 1
export const ACK = 2
export const FIN = 4
export const RST = 8
export const DATA = 0
export const WINDOW_UPDATE = 1
export const PING = 2
export const GO_AWAY = 3

/** One frame; a data frame gets `payload`, any other type (or a lie) `length` in its header only. */
export function frame(type: number, flags: number, streamId: number, payload: Buffer | number): Buffer {
  const length = typeof payload === 'number' ? payload : payload.length
  const header = Buffer.alloc(HEADER_SIZE)
  writeHeader(header, 0, type, flags, streamId, length)
  header[2] = flags >> 8
  return typeof payload === 'number' ? header : Buffer.concat([header, payload])
}

export interface Frame {
  readonly type: number
  readonly flags: number
  readonly streamId: number
  readonly length: number
  readonly payload: Buffer
}

/** A session of ours, and instead of its peer a socket on which a test writes whatever it likes. */
export interface RawPeer {
  readonly end: SessionEnd
  readonly socket: Socket
  /** The next frame of ours for which `wanted` holds; those before it are dropped. */
  next(wanted: (frame: Frame) => boolean): Promise<Frame>
}

/** @param reads false: the peer never reads what we send */
export async function rawPeer(
  role: 'client' | 'server',
  options: Partial<SessionOptions> = {},
  reads = true,
): Promise<RawPeer> {
  const [socket, ours] = await socketPair()
  socket.on('error', () => {})
  const frames: Frame[] = []
  let waiting: (() => void) | null = null
  let payload: Buffer[] = []
  let header = { type: 0, flags: 0, streamId: 0, length: 0 }
  const told = (): void => {
    frames.push({ ...header, payload: Buffer.concat(payload) })
    payload = []
    waiting?.()
  }
  const parser = new FrameParser({
    onHeader(type, flags, streamId, length) {
      header = { type, flags, streamId, length }
      if (type !== DATA) told()
    },
    onPayload: (slice) => payload.push(slice),
    onPayloadEnd: told,
  })
  if (reads) socket.on('data', (chunk: Buffer) => parser.push(chunk))
  return {
    end: sessionEnd(role, [ours], options),
    socket,
    async next(wanted) {
      for (;;) {
        const found = frames.shift()
        if (found === undefined) await new Promise<void>((resolve) => (waiting = resolve))
        else if (wanted(found)) return found
      }
    },
  }
}
