import type { RawHeaders } from './api.js'
import type { BodyDecoder } from './body-decoder.js'
import { parseFields } from './fields.js'
import type { MessageSource } from './message-source.js'

/** Bytes of a line that tells the size of a chunk, with its extensions. */
const MAX_LINE = 4096
const LF = 0x0a
const CR = 0x0d

/** Decodes one chunked body (RFC 9112 §7.1). Chunk extensions are dropped. */
export class ChunkedDecoder implements BodyDecoder {
  trailers: RawHeaders | null = null
  readonly #maxTrailerBytes: number
  readonly #source: MessageSource
  #state: 'size' | 'data' | 'data-end' | 'trailers' = 'size'
  #left = 0
  #line = ''
  #trailerText = ''

  constructor(maxTrailerBytes: number, source: MessageSource) {
    this.#maxTrailerBytes = maxTrailerBytes
    this.#source = source
  }

  push(slice: Buffer, from: number, sink: { onBody(slice: Buffer): void }): number {
    let at = from
    while (at < slice.length && this.trailers === null) {
      if (this.#state === 'data') {
        const end = Math.min(slice.length, at + this.#left)
        this.#left -= end - at
        if (this.#left === 0) this.#state = 'data-end'
        sink.onBody(slice.subarray(at, end))
        return end
      }
      const lf = slice.indexOf(LF, at)
      const end = lf < 0 ? slice.length : lf + 1
      this.#line += slice.toString('latin1', at, end)
      const most = this.#state === 'trailers' ? this.#maxTrailerBytes : MAX_LINE
      if (this.#line.length > most) throw this.#source.wrong('a line of its chunked body is too long')
      at = end
      if (lf >= 0) this.#takeLine()
    }
    return at
  }

  #takeLine(): void {
    const line = this.#line
    this.#line = ''
    if (line.charCodeAt(line.length - 2) !== CR)
      throw this.#source.wrong('a line of its chunked body does not end with CR LF')
    const text = line.slice(0, -2)
    switch (this.#state) {
      case 'size': {
        const match = this.#source.chunkSize.exec(text)
        if (match === null) throw this.#source.wrong('the size of a chunk is no hexadecimal number')
        this.#left = Number.parseInt(match[1]!, 16)
        this.#state = this.#left === 0 ? 'trailers' : 'data'
        return
      }
      case 'data-end':
        if (text !== '') throw this.#source.wrong('a chunk is longer than its size')
        this.#state = 'size'
        return
      default:
        this.#takeTrailer(text)
    }
  }

  #takeTrailer(text: string): void {
    if (text !== '') {
      this.#trailerText += `${text}\r\n`
      if (this.#trailerText.length > this.#maxTrailerBytes) throw this.#source.wrong('its trailer section is too long')
      return
    }
    this.trailers = parseFields(this.#trailerText, this.#source)
  }
}
