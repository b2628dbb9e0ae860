export interface MultipartPart {
  /** `Content-Disposition: form-data; name="a"`, one a line. */
  readonly fields: readonly string[]
  readonly body: Uint8Array
}

/** More parts are not shown. */
const MAX_PARTS = 200

/** `boundary` of a Content-Type (RFC 2046 §5.1.1); null: it has none. */
export function boundaryOf(contentType: string): string | null {
  const match = /;\s*boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))/i.exec(contentType)
  return match?.[1] ?? match?.[2] ?? null
}

/** The parts of a multipart body, as far as they are there (RFC 2046 §5.1). */
export function splitMultipart(bytes: Uint8Array, boundary: string): readonly MultipartPart[] {
  // One character for each byte, so that places in the text are places in the bytes.
  const text = latin1(bytes)
  const parts: MultipartPart[] = []
  const mark = `--${boundary}`
  let at = text.startsWith(mark) ? 0 : next(text, `\r\n${mark}`, 0, 2)
  while (at >= 0 && parts.length < MAX_PARTS) {
    const lineEnd = text.indexOf('\r\n', at + mark.length)
    if (lineEnd < 0 || text.startsWith('--', at + mark.length)) break
    const end = next(text, `\r\n${mark}`, lineEnd, 0)
    const stop = end < 0 ? text.length : end
    const head = text.indexOf('\r\n\r\n', lineEnd)
    const from = head < 0 || head > stop ? stop : head + 4
    const names = head < 0 || head > stop ? text.slice(lineEnd + 2, stop) : text.slice(lineEnd + 2, head)
    parts.push({ fields: names === '' ? [] : names.split('\r\n'), body: bytes.subarray(from, stop) })
    at = end < 0 ? -1 : end + 2
  }
  return parts
}

function next(text: string, what: string, from: number, skip: number): number {
  const at = text.indexOf(what, from)
  return at < 0 ? -1 : at + skip
}

function latin1(bytes: Uint8Array): string {
  return new TextDecoder('iso-8859-1').decode(bytes)
}
