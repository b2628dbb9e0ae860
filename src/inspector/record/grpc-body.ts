const PREFIX = 5
const COMPRESSED = 1

/**
 * The body of a gRPC call, or its beginning, with messages ("Length-Prefixed-Message" of gRPC over HTTP/2) as if they had
 * not been compressed: nothing could be found in them. It ends in front of one that `decompress` gives null for.
 * `isPart`: that is so. Returns `body` itself when none is compressed.
 */
export function withPlainMessages(
  body: Buffer,
  decompress: (payload: Buffer) => Buffer | null,
): { readonly bytes: Buffer; readonly isPart: boolean } {
  const plain: Buffer[] = []
  let copied = 0
  for (let at = 0; at + PREFIX <= body.length;) {
    const end = at + PREFIX + body.readUInt32BE(at + 1)
    if ((body[at]! & COMPRESSED) !== 0) {
      const message = end > body.length ? null : decompress(body.subarray(at + PREFIX, end))
      plain.push(body.subarray(copied, at))
      if (message === null) return { bytes: Buffer.concat(plain), isPart: true }
      const prefix = Buffer.alloc(PREFIX)
      prefix[0] = body[at]! & ~COMPRESSED
      prefix.writeUInt32BE(message.length, 1)
      plain.push(prefix, message)
      copied = end
    }
    at = end
  }
  return { bytes: copied === 0 ? body : Buffer.concat([...plain, body.subarray(copied)]), isPart: false }
}
