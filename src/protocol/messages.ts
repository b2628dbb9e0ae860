import { uniroute } from './generated/messages.js'

import v1 = uniroute.v1

/** Messages of `proto/uniroute/v1`: `X` is a message as received (absent fields have their defaults), `XInit` to send. */
export type Bind = v1.Bind
export type Bound = v1.Bound
export type Refused = v1.Refused
export type Unbind = v1.Unbind
export type Carriers = v1.Carriers
export type Drain = v1.Drain
export type Notice = v1.Notice
export type Stats = v1.Stats
export type Hello = v1.Hello
export type Attach = v1.Attach
export type Welcome = v1.Welcome
export type Limits = v1.Limits
export type StreamOpen = v1.StreamOpen
export type StreamAccept = v1.StreamAccept

export type BindInit = v1.Bind.$Properties
export type BoundInit = v1.Bound.$Properties
export type RefusedInit = v1.Refused.$Properties
export type UnbindInit = v1.Unbind.$Properties
export type CarriersInit = v1.Carriers.$Properties
export type DrainInit = v1.Drain.$Properties
export type NoticeInit = v1.Notice.$Properties
export type StatsInit = v1.Stats.$Properties
export type HelloInit = v1.Hello.$Properties
export type AttachInit = v1.Attach.$Properties
export type WelcomeInit = v1.Welcome.$Properties
export type StreamOpenInit = v1.StreamOpen.$Properties
export type StreamAcceptInit = v1.StreamAccept.$Properties
export type HttpOptionsInit = v1.HttpOptions.$Properties

/** One message of the control stream as received: one field is set, or none when the peer is newer than we are. */
export interface Control {
  readonly bind?: Bind | null
  readonly bound?: Bound | null
  readonly refused?: Refused | null
  readonly unbind?: Unbind | null
  readonly carriers?: Carriers | null
  readonly drain?: Drain | null
  readonly notice?: Notice | null
  readonly stats?: Stats | null
}

/** One message of the control stream to send: exactly one field. */
export type ControlInit =
  | { readonly bind: BindInit }
  | { readonly bound: BoundInit }
  | { readonly refused: RefusedInit }
  | { readonly unbind: UnbindInit }
  | { readonly carriers: CarriersInit }
  | { readonly drain: DrainInit }
  | { readonly notice: NoticeInit }
  | { readonly stats: StatsInit }

/** The first message on a carrier, agent to server. */
export interface Preface {
  readonly hello?: Hello | null
  readonly attach?: Attach | null
}
export type PrefaceInit = { readonly hello: HelloInit } | { readonly attach: AttachInit }

/** The server's answer to a preface. */
export interface PrefaceReply {
  readonly welcome?: Welcome | null
  readonly refused?: Refused | null
}
export type PrefaceReplyInit = { readonly welcome: WelcomeInit } | { readonly refused: RefusedInit }

/** How messages of one type are written and read. */
export interface MessageType<Received, ToSend> {
  /** For error messages: `Hello`. */
  readonly name: string
  /** The message alone, without its length. */
  encode(message: ToSend): Uint8Array
  /** Throws whatever protobufjs throws when the bytes are no message; use `decodeMessage`. */
  decode(bytes: Uint8Array): Received
}

interface GeneratedType<Received, ToSend> {
  encode(message: ToSend): { finish(): Uint8Array }
  decode(bytes: Uint8Array): Received
}

const messageType = <Received, ToSend>(
  name: string,
  generated: GeneratedType<unknown, ToSend>,
): MessageType<Received, ToSend> => ({
  name,
  encode: (message) => generated.encode(message).finish(),
  decode: (bytes) => generated.decode(bytes) as Received,
})

export const Control = messageType<Control, ControlInit>('Control', v1.Control)
export const Preface = messageType<Preface, PrefaceInit>('Preface', v1.Preface)
export const PrefaceReply = messageType<PrefaceReply, PrefaceReplyInit>('PrefaceReply', v1.PrefaceReply)
export const StreamOpen = messageType<StreamOpen, StreamOpenInit>('StreamOpen', v1.StreamOpen)
export const StreamAccept = messageType<StreamAccept, StreamAcceptInit>('StreamAccept', v1.StreamAccept)

/** What a Bind of an `http` tunnel has besides. */
export import Http = v1.Http
/** Kinds of tunnels on the wire. */
export import Kind = v1.Kind
/** How the agent answered a `StreamOpen`. */
export import AcceptResult = v1.StreamAccept.Result
/** How urgent a `Notice` is. */
export import NoticeLevel = v1.Notice.Level
