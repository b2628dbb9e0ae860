/**
 * The yamux frame header: 12 bytes, big endian.
 * version u8 (0) | type u8 | flags u16 | stream id u32 | length u32
 * (hashicorp/yamux spec.md, "Framing")
 */
export const HEADER_SIZE = 12

/** Bytes in front of a slab's payload that a writer of slabs leaves free, so that header and payload are one buffer. */
export const HEADROOM = HEADER_SIZE

/** Frame types (spec.md, "Type Field"). */
export const TYPE_DATA = 0
export const TYPE_WINDOW_UPDATE = 1
export const TYPE_PING = 2
export const TYPE_GO_AWAY = 3

/**
 * Frame types of the capability `resume` (docs/protocol.md, "When a carrier is lost"). In the place of the stream id they
 * have the number of a carrier.
 */
/** A carrier is lost to the sender; length: the low 32 bits of how many bytes of it came. Has no payload. */
export const TYPE_LOST = 16
/** The payload continues the bytes of a lost carrier. FIN: they end here. */
export const TYPE_REPLAY = 17
/**
 * Of the capability `stripe`. Where the next data frame of this stream on this carrier belongs, or (FIN) where the stream
 * ends; length: the low 32 bits of the offset from the stream's start. Has no payload.
 */
export const TYPE_OFFSET = 18

/** Flags, a bit mask on data and window update frames (spec.md, "Flag Field"). */
export const FLAG_SYN = 1
export const FLAG_ACK = 2
export const FLAG_FIN = 4
export const FLAG_RST = 8

/** Codes of a go away frame (spec.md, "Go Away Code"). */
export const GO_AWAY_NORMAL = 0
export const GO_AWAY_PROTOCOL_ERROR = 1
export const GO_AWAY_INTERNAL_ERROR = 2

/** The window that every stream has each way before anything was announced. */
export const INITIAL_WINDOW = 256 * 1024

/** The largest number that the length field and, by the specification, a window may hold. */
export const MAX_U32 = 0xffffffff

/** Writes a header at `at`; the caller has made sure that 12 bytes are there. */
export function writeHeader(
  buffer: Uint8Array,
  at: number,
  type: number,
  flags: number,
  streamId: number,
  length: number,
): void {
  buffer[at] = 0
  buffer[at + 1] = type
  buffer[at + 2] = 0
  buffer[at + 3] = flags
  buffer[at + 4] = streamId >>> 24
  buffer[at + 5] = streamId >>> 16
  buffer[at + 6] = streamId >>> 8
  buffer[at + 7] = streamId
  buffer[at + 8] = length >>> 24
  buffer[at + 9] = length >>> 16
  buffer[at + 10] = length >>> 8
  buffer[at + 11] = length
}
