import { Socket } from 'node:net'
import { finished, type Duplex } from 'node:stream'
import { streamToDuplex, type Stream } from '../../wire/index.js'
import { Splice } from '../splice.js'

/**
 * Joins an upstream's stream and a visitor, both ways, once they speak another protocol than HTTP. `rest` are bytes that
 * the upstream sent already, for which no credit was given. `onClose` is called exactly once, when both are finished.
 */
export function joinStream(
  stream: Stream,
  rest: Buffer,
  visitor: Duplex,
  onClose: (error: Error | null) => void,
): void {
  if (visitor instanceof Socket) {
    const splice = new Splice(stream, visitor, { onClose: ({ error }) => onClose(error) })
    stream.attach(splice)
    splice.start()
    if (rest.length > 0) splice.onData(rest)
    return
  }
  const upstream = streamToDuplex(stream)
  if (rest.length > 0) upstream.unshift(rest)
  stream.consumed(rest.length)
  joinDuplex(upstream, visitor, onClose)
}

/** Joins two Duplexes, both ways, half-close included. One that fails takes the other with it. */
export function joinDuplex(a: Duplex, b: Duplex, onClose: (error: Error | null) => void): void {
  let open = 2
  let reason: Error | null = null
  const over = (other: Duplex) => (error?: Error | null) => {
    open--
    if (error !== undefined && error !== null) {
      reason ??= error
      other.destroy()
    }
    if (open === 0) onClose(reason)
  }
  finished(a, over(b))
  finished(b, over(a))
  a.pipe(b)
  b.pipe(a)
}
