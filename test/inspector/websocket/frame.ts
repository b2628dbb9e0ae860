const MASK = Buffer.from([1, 2, 3, 4])

/** A frame of a WebSocket. `first`: FIN, RSV and opcode (RFC 6455 §5.2). */
export function frame(first: number, payload: Buffer | string, masked = false): Buffer {
  const bytes = Buffer.from(payload as string)
  const length =
    bytes.length < 126
      ? [bytes.length]
      : bytes.length < 0x1_0000
        ? [126, bytes.length >> 8, bytes.length & 0xff]
        : [
            127,
            0,
            0,
            0,
            0,
            bytes.length >>> 24,
            (bytes.length >> 16) & 0xff,
            (bytes.length >> 8) & 0xff,
            bytes.length & 0xff,
          ]
  length[0]! |= masked ? 0x80 : 0
  const content = masked ? Buffer.concat([MASK, bytes.map((byte, i) => byte ^ MASK[i % 4]!)]) : bytes
  return Buffer.concat([Buffer.from([first, ...length]), content])
}

/** Asks for a WebSocket, and grants it. */
export const UPGRADE = 'GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
export function upgraded(extensions = ''): string {
  return `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${extensions}\r\n`
}
