/** Builders of ClientHellos, for what no client at hand would send. */

const u8 = (value: number): Buffer => Buffer.from([value])
const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff])
const bytesOf = (value: string | Uint8Array): Buffer =>
  typeof value === 'string' ? Buffer.from(value, 'latin1') : Buffer.from(value)

export const vector8 = (...parts: Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts)
  return Buffer.concat([u8(body.length), body])
}

export const vector16 = (...parts: Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts)
  return Buffer.concat([u16(body.length), body])
}

export const extension = (type: number, data: Uint8Array): Buffer => Buffer.concat([u16(type), vector16(data)])

export const hostName = (name: string | Uint8Array): Buffer => Buffer.concat([u8(0), vector16(bytesOf(name))])
export const sni = (name: string | Uint8Array): Buffer => extension(0, vector16(hostName(name)))
export const alpn = (...names: (string | Uint8Array)[]): Buffer =>
  extension(16, vector16(...names.map((name) => vector8(bytesOf(name)))))

export interface HelloShape {
  readonly version?: number
  readonly sessionId?: Uint8Array
  readonly suites?: Uint8Array
  readonly compression?: Uint8Array
  /** Null: the ClientHello ends before the extensions. */
  readonly extensions?: readonly Uint8Array[] | null
  readonly after?: Uint8Array
}

/** The handshake message, without a record around it. */
export function helloMessage(shape: HelloShape = {}): Buffer {
  const { extensions = [], after = Buffer.alloc(0) } = shape
  const body = Buffer.concat([
    u16(shape.version ?? 0x0303),
    Buffer.alloc(32, 7),
    vector8(shape.sessionId ?? Buffer.alloc(32, 9)),
    vector16(shape.suites ?? Buffer.from('130113021303', 'hex')),
    vector8(shape.compression ?? Buffer.from([0])),
    extensions === null ? Buffer.alloc(0) : vector16(...extensions),
    after,
  ])
  return Buffer.concat([Buffer.from([1, body.length >> 16]), u16(body.length & 0xffff), body])
}

export const record = (payload: Uint8Array): Buffer => Buffer.concat([Buffer.from([22, 3, 1]), vector16(payload)])

/** The message in records of at most `size` bytes of payload. */
export function inRecords(message: Uint8Array, size = 16384): Buffer {
  const records: Buffer[] = []
  for (let at = 0; at < message.length; at += size) records.push(record(message.subarray(at, at + size)))
  return Buffer.concat(records)
}

/** A whole ClientHello in one record. */
export const buildHello = (shape?: HelloShape): Buffer => inRecords(helloMessage(shape))

/** What a browser sends: GREASE in suites, extensions and ALPN, an ECH extension, a name and a padding. */
export function browserHello(name: string): Buffer {
  return buildHello({
    suites: Buffer.from('5a5a130113021303c02bc02f', 'hex'),
    extensions: [
      extension(0x7a7a, Buffer.alloc(0)),
      sni(name),
      extension(23, Buffer.alloc(0)),
      alpn(Buffer.from([0x4a, 0x4a]), 'h2', 'http/1.1'),
      extension(43, vector8(Buffer.from('8a8a03040303', 'hex'))),
      extension(0xfe0d, Buffer.alloc(218, 0xec)),
      extension(0x2a2a, Buffer.from([0])),
      extension(21, Buffer.alloc(190)),
    ],
  })
}
