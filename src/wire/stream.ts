import { NetworkError } from '../core/errors.js'
import type { StreamHandler, WriteGate } from './api.js'
import { ArrivalOrder } from './arrival-order.js'
import type { Carrier } from './carrier.js'
import { BORROWED, LENT, OWNED, SLAB, type Ownership } from './egress.js'
import { FLAG_ACK, FLAG_FIN, FLAG_RST, FLAG_SYN, TYPE_OFFSET, TYPE_WINDOW_UPDATE } from './frame.js'
import { ByteQueue, pins } from './queue.js'
import type { Session } from './session.js'
import { giveBack, lend } from './slab.js'
import type { Stripe } from './stripe.js'
import { Striping } from './striping.js'
import { ReceiveWindow, SendWindow } from './window.js'
import { WindowTuning } from './window-tuning.js'

/**
 * One yamux stream: slices in, slices out. Lifecycle, flow control and pending flags are three things:
 *
 *   lifecycle      open ──end()──▶ half closed (local) ──┐
 *                  open ──FIN────▶ half closed (remote) ─┴─▶ closed ◀── reset, RST, carrier lost
 *   flow control   `SendWindow`, `ReceiveWindow`
 *   pending flags  SYN, ACK: ride on the next frame
 *
 * All transitions happen in `#finish`; flags leave in `#takeFlags` and come in by `onFlags`.
 */
export class Stream {
  readonly id: number
  readonly session: Session
  /** The carrier on which it sends: where it began, until that one is replaced. */
  carrier: Carrier
  /** For the egress: true while it waits in its ring. */
  inRing = false
  gate: WriteGate | null = null
  readonly #send = new SendWindow()
  readonly #receive = new ReceiveWindow()
  readonly #tuning = new WindowTuning()
  readonly #queue = new ByteQueue()
  /** True when the peer opened it. */
  readonly inbound: boolean
  /** Once it is striped, for what we send. */
  #stripe: Stripe | null = null
  #stripeLookAt: number
  #striping: Striping | null = null
  readonly #order = new ArrivalOrder()
  #handler: StreamHandler | null = null
  #early: ByteQueue | null = null
  #synPending: boolean
  #ackPending: boolean
  /** The peer has it: it opened it, or said ACK. */
  #known: boolean
  #ending = false
  #finSent = false
  #finReceived = false
  #endTold = false
  #wantsRoom = false
  #closeError: Error | null = null
  #closed = false

  /** Made by `Session`. */
  constructor(session: Session, carrier: Carrier, id: number, inbound: boolean) {
    this.session = session
    this.carrier = carrier
    this.id = id
    this.inbound = inbound
    this.#stripeLookAt = session.options.stripeAfter
    this.#synPending = !inbound
    this.#ackPending = this.#known = inbound
  }

  /** Payload bytes received so far: the offset from the stream's start. */
  get bytesIn(): number {
    return this.#receive.received
  }

  /** Payload bytes sent so far: the offset from the stream's start. */
  get bytesOut(): number {
    return this.#send.sent
  }

  /** Bytes that wait for room or credit. */
  get queued(): number {
    return this.#queue.bytes
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Who consumes it; null: nobody yet, or any more. */
  get handler(): StreamHandler | null {
    return this.#handler
  }

  /** Receive window's size, bytes. */
  get windowSize(): number {
    return this.#receive.size
  }

  /** Sets who consumes it, again to hand it on. Bytes, an end or a close that came before are given at once. */
  attach(handler: StreamHandler): void {
    this.#handler = handler
    while (this.#early !== null && this.#handler === handler) {
      const { buffer, start, end } = this.#early.take(Infinity)
      if (this.#early.bytes === 0) this.#early = null
      handler.onData(buffer.subarray(start, end), this)
    }
    if (this.#handler === handler) this.#tellEnd()
    if (this.#handler === handler && this.#closed) this.#tellClose()
  }

  /**
   * Sends a chunk and takes it over. False: there is no more room, stop until `onWritable`.
   * After `end`, `reset` or a close the bytes are dropped.
   */
  write(chunk: Buffer): boolean {
    return this.#write(chunk, 0, chunk.length, OWNED)
  }

  /**
   * As `write`, for `slab[start, end)`; the 12 bytes before `start` belong to us as well. If it is a `Slab` that lent
   * them, they are given back when they have left.
   */
  writeSlab(slab: Buffer, start: number, end: number): boolean {
    return this.#write(slab, start, end, SLAB)
  }

  /** As `write`, for bytes that the caller keeps: they are copied before it returns. */
  writeCopy(buffer: Buffer, start: number, end: number): boolean {
    return this.#write(buffer, start, end, BORROWED)
  }

  /** Ends our direction: FIN behind everything that is queued. The other direction goes on. */
  end(): void {
    if (this.#ending || this.#closed) return
    this.#ending = true
    if (this.#queue.bytes === 0) this.#sendFin()
  }

  /** Gives up both directions. The peer gets RST; `onClose` gets `error`, or null when none is given. */
  reset(error: Error | null = null): void {
    if (this.#closed) return
    if (!this.#synPending) this.carrier.control(TYPE_WINDOW_UPDATE, FLAG_RST, this.id, 0)
    this.#finish(error)
  }

  /** Books `bytes` as gone from our side, which gives the peer credit for as many. */
  consumed(bytes: number): void {
    if (this.#closed) return
    const before = this.#receive.consumed
    const due = this.#receive.consume(bytes)
    this.session.bookConsumed(this.#receive.consumed - before)
    if (!due || this.#finReceived) return
    this.session.path.tuneWindow(this.carrier, this.#receive, this.#tuning)
    const credit = this.#receive.refill()
    if (credit === 0) return
    this.carrier.control(TYPE_WINDOW_UPDATE, this.#takeFlags(), this.id, credit)
    this.carrier.probes.probe()
  }

  /** Sends a pending ACK now (a peer gives up on a stream that is not acknowledged for long). */
  acknowledge(): void {
    if (this.#ackPending && !this.#closed) {
      this.carrier.control(TYPE_WINDOW_UPDATE, this.#takeFlags(), this.id, this.#receive.refill())
    }
  }

  /** For the egress: sends up to `budget` bytes of the queue. True when there is more that could be sent now. */
  sendTurn(budget: number): boolean {
    const queue = this.#queue
    let left = Math.min(budget, this.#send.credit)
    // What is striped has offsets from there on.
    while (left > 0 && queue.bytes > 0 && !this.#closed && this.#stripe === null) {
      const chunk = queue.take(left)
      left -= chunk.end - chunk.start
      this.#emit(this.carrier, chunk.buffer, chunk.start, chunk.end, chunk.ownership)
    }
    if (this.#stripe !== null) this.#stripe.wake()
    return this.#afterTurn() && this.#stripe === null
  }

  #afterTurn(): boolean {
    const queue = this.#queue
    if (queue.bytes === 0 && this.#ending) this.#sendFin()
    if (this.#wantsRoom && queue.bytes <= this.session.options.streamQueue / 4 && !this.#closed) {
      this.#wantsRoom = false
      this.#handler?.onWritable(this)
    }
    return this.sendable
  }

  /**
   * For the carrier: a data frame's header, and what OFFSET said. Returns where the payload belongs in the stream; null
   * when it passes the window or the stream's end.
   */
  onDataHeader(length: number, given: number | null): number | null {
    const offset = this.#order.place(length, given, this.#receive.limit)
    if (offset === null || !this.#receive.receive(length)) return null
    this.session.bookReceived(length)
    return offset
  }

  /** For the carrier: from now on pieces may come in any order. Returns the offset that has these low 32 bits. */
  onOffset(low: number): number {
    return this.#order.full(low)
  }

  /** For the carrier: the peer ends its direction at this offset. False: it cannot end there. */
  onEndAt(offset: number): boolean {
    if (this.#finReceived) return true
    if (!this.#order.endAt(offset, this.#receive.limit)) return false
    this.#endIfWhole()
    return true
  }

  /** For the carrier: true when no payload may come any more. */
  get finReceived(): boolean {
    return this.#finReceived
  }

  /** For the carrier: a piece of payload that belongs at `offset`. */
  onPayload(slice: Buffer, offset: number): void {
    if (this.#closed) return
    lend(slice, slice.length)
    const order = this.#order
    if (order.take(offset, slice, this.#receive.limit)) this.#deliver(slice)
    else this.session.bookReordering(slice.length)
    for (let next = order.next(); next !== null; next = order.next()) {
      this.session.bookReordering(-next.length)
      this.#deliver(next)
    }
    this.#endIfWhole()
  }

  #deliver(slice: Buffer): void {
    if (this.#handler !== null && this.#early === null) this.#handler.onData(slice, this)
    else (this.#early ??= new ByteQueue()).push(slice, 0, slice.length, pins(slice) ? BORROWED : OWNED)
  }

  /** For the carrier: a window update. False when the window would pass 2^32-1. */
  onCredit(delta: number): boolean {
    if (!this.#send.grant(delta)) return false
    if (this.#queue.bytes > 0) this.#wait()
    return true
  }

  /** For the carrier: flags of a frame, once its payload has come. @throws WireViolation UR_WIRE_OFFSET */
  onFlags(flags: number): void {
    if (flags & FLAG_ACK) this.#known = true
    if (flags & FLAG_RST) {
      this.#finish(new NetworkError('UR_WIRE_RESET', `stream ${this.id} was reset by the other side`))
      if (this.inbound) this.carrier.countReset()
    } else if (flags & FLAG_FIN && !this.#finReceived && !this.#closed) {
      this.#order.endHere()
      this.#endIfWhole()
    }
  }

  #endIfWhole(): void {
    if (this.#finReceived || this.#closed || !this.#order.whole) return
    this.#finReceived = true
    this.#tellEnd()
    this.#closeWhenDone()
  }

  /** For the session: what we send goes over another carrier from now on. */
  moveTo(carrier: Carrier): void {
    this.carrier.streamCount--
    this.carrier = carrier
    carrier.streamCount++
    this.#stripe?.add(carrier)
    if (this.#queue.bytes > 0 && this.#send.credit > 0) this.#wait()
  }

  /** For the session: the carrier or the session is gone. */
  lose(error: Error): void {
    this.#finish(error)
  }

  #write(buffer: Buffer, from: number, end: number, ownership: Ownership): boolean {
    const hasRoom = this.#put(buffer, from, end, ownership)
    return this.gate === null ? hasRoom : this.gate.take(end - from, hasRoom)
  }

  #put(buffer: Buffer, from: number, end: number, ownership: Ownership): boolean {
    if (this.#ending || this.#closed) {
      if (ownership === SLAB) giveBack(buffer, end - from)
      return true
    }
    let start = from
    const queue = this.#queue
    if (queue.bytes === 0 && this.#stripe === null && this.carrier.egress.direct) {
      const sendable = Math.min(end - start, this.#send.credit)
      if (sendable > 0) {
        this.#emit(this.carrier, buffer, start, start + sendable, ownership)
        start += sendable
      }
    }
    if (start === end) return true
    queue.push(buffer, start, end, start > from && ownership === SLAB ? LENT : ownership)
    if (this.#send.credit > 0) this.#wait()
    if (queue.bytes < this.session.options.streamQueue) return true
    this.#wantsRoom = true
    return false
  }

  #emit(carrier: Carrier, buffer: Buffer, start: number, end: number, ownership: Ownership): void {
    const length = end - start
    this.#send.sent += length
    this.session.bookSent(length)
    carrier.egress.data(this.id, this.#takeFlags(), buffer, start, end, ownership)
    carrier.probes.probeIfDue()
    if (this.#send.sent >= this.#stripeLookAt) this.#lookForLanes()
  }

  #wait(): void {
    if (this.#stripe === null) this.carrier.egress.wait(this)
    else this.#stripe.wake()
  }

  /** A bulk stream: carriers that are idle may take a part of it. What comes there before its SYN would be dropped. */
  #lookForLanes(): void {
    this.#stripeLookAt = this.#send.sent + this.session.options.stripeAfter / 4
    if (!this.#known) return
    this.#striping ??= new Striping(this, this.session)
    this.#striping.look(this.#send.sent)
    this.#stripe = this.#striping.stripe
  }

  /** For its stripe. */
  get sendable(): boolean {
    return !this.#closed && this.#queue.bytes > 0 && this.#send.credit > 0
  }

  /** For its stripe, while it is `sendable`: sends up to `max` bytes of the queue on `carrier`. Returns how many. */
  sendOn(carrier: Carrier, max: number): number {
    const { buffer, start, end, ownership } = this.#queue.take(Math.min(max, this.#send.credit))
    carrier.egress.control(TYPE_OFFSET, 0, this.id, this.#send.sent % 2 ** 32)
    this.#emit(carrier, buffer, start, end, ownership)
    this.#afterTurn()
    return end - start
  }

  #takeFlags(): number {
    let flags = 0
    if (this.#synPending) {
      this.#synPending = false
      flags |= FLAG_SYN
    }
    if (this.#ackPending) {
      this.#ackPending = false
      this.session.bookAcknowledged(this)
      flags |= FLAG_ACK
    }
    return flags
  }

  #sendFin(): void {
    if (this.#finSent || this.#closed) return
    this.#finSent = true
    if (this.#stripe === null) this.carrier.control(TYPE_WINDOW_UPDATE, this.#takeFlags() | FLAG_FIN, this.id, 0)
    else this.carrier.control(TYPE_OFFSET, FLAG_FIN, this.id, this.#send.sent % 2 ** 32)
    this.#closeWhenDone()
  }

  #tellEnd(): void {
    if (!this.#finReceived || this.#endTold || this.#handler === null || this.#early !== null) return
    this.#endTold = true
    this.#handler.onEnd(this)
  }

  #closeWhenDone(): void {
    if (this.#finSent && this.#finReceived && !this.#closed) this.#finish(null)
  }

  /** The one way into `closed`. */
  #finish(error: Error | null): void {
    if (this.#closed) return
    this.#closed = true
    this.#closeError = error
    this.#queue.clear()
    this.#stripe?.close()
    this.session.bookReordering(-this.#order.waiting)
    this.#order.clear()
    if (error !== null) {
      this.#early = null
      this.#endTold = true
    }
    this.session.options.windowBudget.give(this.#tuning.borrowed)
    this.#tuning.borrowed = 0
    this.session.forget(this, this.#receive.received - this.#receive.consumed)
    if (this.#handler !== null && this.#early === null) this.#tellClose()
  }

  #tellClose(): void {
    const handler = this.#handler
    this.#handler = null
    handler?.onClose(this.#closeError, this)
  }
}
