import { constants, type Http2Stream } from 'node:http2'
import { Socket } from 'node:net'
import { finished, type Duplex } from 'node:stream'
import { streamToDuplex, type ByteStream } from '../../wire/index.js'
import { Splice } from '../splice.js'

/**
 * Joins an upstream's stream and a visitor, both ways, once they speak another protocol than HTTP. `rest` are bytes that
 * the upstream sent already, for which no credit was given. `onClose` is called exactly once, when both are finished;
 * `complete`: in good order.
 */
export function joinStream(
  stream: ByteStream,
  rest: Buffer,
  visitor: Duplex,
  onClose: (complete: boolean) => void,
): void {
  if (visitor instanceof Socket) {
    const splice = new Splice(stream, visitor, { onClose: ({ error }) => onClose(error === null) })
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

/** Joins two Duplexes, both ways, half-close included. One that is broken off takes the other with it. */
export function joinDuplex(a: Duplex, b: Duplex, onClose: (complete: boolean) => void): void {
  let open = 2
  let complete = true
  const carry = (from: Duplex, to: Duplex): void => {
    from.pipe(to, { end: false })
    from.once('end', () => {
      if (!isBroken(from)) to.end()
    })
    finished(from, (error) => {
      open--
      if (isBroken(from) || (error !== undefined && error !== null)) {
        complete = false
        breakOff(to)
      }
      if (open === 0) onClose(complete)
    })
  }
  carry(a, b)
  carry(b, a)
}

/** A stream of HTTP/2 that is broken off ends as well, and has no error where it was reset without one. */
function isBroken(duplex: Duplex): boolean {
  return isHttp2(duplex) && (duplex.aborted || duplex.rstCode !== constants.NGHTTP2_NO_ERROR)
}

/** So that the other side does not take for whole what it got: RFC 8441 §5 says by which code. */
function breakOff(duplex: Duplex): void {
  if (isHttp2(duplex)) duplex.close(constants.NGHTTP2_CANCEL)
  else duplex.destroy()
}

function isHttp2(duplex: Duplex): duplex is Http2Stream {
  return 'rstCode' in duplex
}
