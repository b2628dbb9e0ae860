import type { Duplex } from 'node:stream'
import type { VisitorCertificate } from '../../access/visitor-rules/index.js'
import type { Visitor } from '../../tunnels/index.js'

/** Header fields as they stand in a message: name, value, name, value… Duplicates and letter case are kept. */
export type RawHeaders = readonly string[]

/** A request in one shape, whatever version of HTTP it came by. */
export interface RequestHead {
  readonly method: string
  /** Path and query, or `*`. */
  readonly target: string
  readonly scheme: 'http' | 'https'
  /** Host and port, as the visitor wrote them. */
  readonly authority: string
  /** Without Host and pseudo-header fields. */
  readonly headers: RawHeaders
  /** What is shared with earlier requests of the connection that had the same fields and authority; null: there were none. */
  readonly repeats: Repeats | null
  readonly version: '1.0' | '1.1' | '2'
  readonly body: BodyLength
  /** The visitor waits for 100 (Continue) before it sends the body. */
  readonly expectsContinue: boolean
  /** The protocol that the visitor wants to go over to; null: none. */
  readonly upgrade: string | null
}

/** What requests of one connection with the same fields share. */
export interface Repeats {
  /** By which policy the fields of the last of them were made; null: there was none. */
  policy: object | null
  /** The fields of all of them by that policy; null: there was only one. */
  prepared: PreparedFields | null
}

/** The fields of requests that differ in nothing but their ids, as they go to one upstream. */
export interface PreparedFields {
  /** In a new array, the caller's own. */
  fieldsFor(requestId: string): string[]
  /** The same as `requestLines` makes them. */
  linesFor(requestId: string): string
}

/** Bytes of a message's body when they are known before, otherwise how it ends. */
export type BodyLength = number | 'none' | 'unknown'

/** Takes the body of a request, and is told what becomes of the visitor. Called synchronously; must not throw. */
export interface ExchangeEvents {
  /** The chunk is valid only until this returns. */
  onBody(chunk: Buffer): void
  onBodyEnd(trailers: RawHeaders): void
  /** There is room again, after a `write` that returned false. */
  onDrain(): void
  /** Last, exactly once; `complete`: the whole answer was handed to the system. */
  onClose(complete: boolean): void
}

/** The visitor's side of one request. Calls after its close do nothing. */
export interface Exchange {
  readonly head: RequestHead
  readonly visitor: Visitor
  /** The host that the connection was made for, by SNI; null: a connection without TLS. */
  readonly connectionHost: string | null
  /** What the connection showed of the visitor's certificate; null: a connection without TLS. */
  readonly certificate: VisitorCertificate | null
  /** Sets who is told, in the place of whom it was before; to be called at once. The body waits for `resume`. */
  start(events: ExchangeEvents): void
  /** Lets the body flow, and holds it back again. */
  resume(): void
  pause(): void
  /** Sends an interim answer (RFC 9110 §15.2). */
  inform(status: number, headers: RawHeaders): void
  /** Sends the head of the answer. Behind a body of known length, or none, no trailers follow. */
  respond(status: number, headers: RawHeaders, reason: string, body: BodyLength): void
  /**
   * Sends a part of the body. False: there is no room, stop until `onDrain`. The chunk is taken over; memory that is lent is
   * given back once it has left (`wire/slab.ts`).
   */
  write(chunk: Buffer): boolean
  end(trailers: RawHeaders): void
  /** Lets the connection take no more requests behind the answer; to be called before `respond`. */
  leave(): void
  /** Breaks the answer off so that no visitor takes it for a whole one. */
  abort(): void
  /**
   * The upstream goes over to another protocol: answers so, and returns the visitor's bytes from there on. The exchange
   * is over with that; whoever calls owns the Duplex.
   */
  switchProtocols(status: number, headers: RawHeaders): Duplex
}

/** A request as it goes to the upstream. */
export interface UpstreamHead {
  readonly method: string
  readonly target: string
  readonly scheme: 'http' | 'https'
  /** `Host` first; of fields between two hops only `TE: trailers`, and `Upgrade` with its `Connection`. */
  readonly fields: RawHeaders
  /** The same as `requestLines` makes them; null: nobody did yet. */
  readonly lines: string | null
  readonly body: BodyLength
  readonly upgrade: string | null
}

/** Takes the answer of an upstream. Called synchronously; must not throw. */
export interface ResponseSink {
  /** Nothing is lost when the request is given up and sent to another upstream, though this one may have seen it. */
  readonly movable: boolean
  onInform(status: number, headers: RawHeaders): void
  /** Behind a body of known length, or none, no trailers follow; `onEnd` always does. */
  onRespond(status: number, headers: RawHeaders, reason: string, body: BodyLength): void
  /** False: withhold more until `resume`. */
  onData(chunk: Buffer): boolean
  onEnd(trailers: RawHeaders): void
  /** The upstream goes over to the protocol that was asked for; whoever is called owns the bytes from there on. */
  onUpgrade(status: number, headers: RawHeaders, upgraded: Upgraded): void
  /** There is room for more of the request's body. */
  onWritable(): void
  /** Last, instead of `onEnd` and `onUpgrade`: the answer did not come, or not to its end. */
  onError(error: Error): void
}

/** What follows an answer 101: a stream of bytes both ways. */
export interface Upgraded {
  /** Joins it with the visitor's bytes, both ways, until both are finished; to be called at once. `onClose`: exactly once. */
  join(visitor: Duplex, onClose: (complete: boolean) => void): void
}

/** A request under way to an upstream. Calls after its end do nothing. */
export interface UpstreamRequest {
  /** It goes, or went, over a connection that was used before, which the upstream may have been about to close. */
  readonly used: boolean
  /** Sends a part of the body, by copy. False: there is no room, stop until `onWritable`. */
  write(chunk: Buffer): boolean
  end(trailers: RawHeaders): void
  /** Takes more of the answer, after `onData` returned false. */
  resume(): void
  /** Gives the request up; nothing is told any more. */
  abort(): void
}

/** For whom a request is made. */
export interface RequestOrigin {
  readonly visitor: Visitor
  readonly requestId: string
}

/** How the requests of one tunnel reach its upstream. */
export interface Upstream {
  /**
   * Sends a request. `fresh`: not over a connection that was used before. Throws ProtocolError UR_HTTP_MALFORMED, or
   * NetworkError or LimitError when no stream can be opened; then `sink` is told nothing.
   */
  request(head: UpstreamHead, origin: RequestOrigin, sink: ResponseSink, fresh: boolean): UpstreamRequest
  /** Ends the connections that have no request now, and each other one when it has none. */
  retire(): void
  /** Breaks every request off that is movable and whose answer has not begun, and tells it why. */
  dropMovable(error: Error): void
}
