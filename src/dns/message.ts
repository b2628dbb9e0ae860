import { DnsFormatError, encodeName, readName } from './name.js'

/** Types of records (RFC 1035 §3.2.2 and later). */
export const TYPE = { A: 1, NS: 2, CNAME: 5, SOA: 6, TXT: 16, AAAA: 28, TSIG: 250, ANY: 255 } as const
/** Classes (RFC 1035 §3.2.4, RFC 2136 §2.4). */
export const CLASS = { IN: 1, NONE: 254, ANY: 255 } as const
export const OPCODE = { QUERY: 0, UPDATE: 5 } as const
/** Answers of a server (RFC 1035 §4.1.1, RFC 2136 §2.2). */
export const RCODE = { NOERROR: 0, SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5, YXRRSET: 7, NXRRSET: 8, NOTAUTH: 9 } as const

const RCODE_NAMES = 'NOERROR FORMERR SERVFAIL NXDOMAIN NOTIMP REFUSED YXDOMAIN YXRRSET NXRRSET NOTAUTH NOTZONE'.split(
  ' ',
)

/** How people call an answer of a server. */
export function rcodeName(rcode: number): string {
  return RCODE_NAMES[rcode] ?? `RCODE ${rcode}`
}

export interface Question {
  readonly name: string
  readonly type: number
  readonly class: number
}

/** A record to send. */
export interface RecordToSend {
  readonly name: string
  readonly type: number
  readonly class: number
  /** Seconds. */
  readonly ttl: number
  /** The form of the wire. */
  readonly data: Buffer
}

/** A record that came. */
export interface ReceivedRecord extends RecordToSend {
  /**
   * The value of A, AAAA (as addresses), NS, CNAME (names as `readName` gives them) and TXT (the strings put together,
   * one character a byte); null for other types and classes.
   */
  readonly value: string | null
  /** Where the record begins in the message. */
  readonly at: number
}

export interface MessageToSend {
  /** 16 bits that nobody can guess. */
  readonly id: number
  readonly opcode: number
  readonly recursionDesired?: boolean
  readonly questions: readonly Question[]
  readonly answers?: readonly RecordToSend[]
  readonly authority?: readonly RecordToSend[]
}

export interface DnsMessage {
  readonly id: number
  readonly isResponse: boolean
  readonly opcode: number
  readonly isAuthoritative: boolean
  readonly isTruncated: boolean
  readonly rcode: number
  readonly questions: readonly Question[]
  readonly answers: readonly ReceivedRecord[]
  readonly authority: readonly ReceivedRecord[]
  readonly additional: readonly ReceivedRecord[]
}

/** The bytes of a message (RFC 1035 §4), without compression. Throws DnsFormatError for a name that is none. */
export function encodeMessage(message: MessageToSend): Buffer {
  const { id, opcode, questions, answers = [], authority = [] } = message
  const header = Buffer.alloc(12)
  header.writeUInt16BE(id, 0)
  header.writeUInt16BE((opcode << 11) | (message.recursionDesired === true ? 0x0100 : 0), 2)
  for (const [index, section] of [questions, answers, authority].entries()) {
    header.writeUInt16BE(section.length, 4 + 2 * index)
  }
  return Buffer.concat([
    header,
    ...questions.flatMap(questionBytes),
    ...[...answers, ...authority].flatMap(recordBytes),
  ])
}

/** The bytes of one record (RFC 1035 §4.1.3). Throws DnsFormatError. */
export function recordBytes({ name, type, class: klass, ttl, data }: RecordToSend): Buffer[] {
  const fixed = Buffer.alloc(10)
  fixed.writeUInt16BE(type, 0)
  fixed.writeUInt16BE(klass, 2)
  fixed.writeUInt32BE(ttl, 4)
  fixed.writeUInt16BE(data.length, 8)
  return [encodeName(name), fixed, data]
}

function questionBytes(question: Question): Buffer[] {
  const fixed = Buffer.alloc(4)
  fixed.writeUInt16BE(question.type, 0)
  fixed.writeUInt16BE(question.class, 2)
  return [encodeName(question.name), fixed]
}

/**
 * Reads a message to its end. The records refer to the bytes. Throws DnsFormatError, and nothing else, for bytes that
 * are none.
 */
export function decodeMessage(bytes: Buffer): DnsMessage {
  if (bytes.length < 12) throw new DnsFormatError('a message is cut off')
  const flags = bytes.readUInt16BE(2)
  const [asked = 0, ...counts] = [4, 6, 8, 10].map((at) => bytes.readUInt16BE(at))
  let at = 12
  const questions: Question[] = []
  for (let i = 0; i < asked; i++) {
    const { name, next } = readName(bytes, at)
    need(bytes, next + 4)
    questions.push({ name, type: bytes.readUInt16BE(next), class: bytes.readUInt16BE(next + 2) })
    at = next + 4
  }
  const [answers = [], authority = [], additional = []] = counts.map((count) => {
    const records: ReceivedRecord[] = []
    for (let i = 0; i < count; i++) {
      const { record, next } = readRecord(bytes, at)
      records.push(record)
      at = next
    }
    return records
  })
  if (at !== bytes.length) throw new DnsFormatError('a message has something after its end')
  return {
    id: bytes.readUInt16BE(0),
    isResponse: (flags & 0x8000) !== 0,
    opcode: (flags >> 11) & 0xf,
    isAuthoritative: (flags & 0x0400) !== 0,
    isTruncated: (flags & 0x0200) !== 0,
    rcode: flags & 0xf,
    questions,
    answers,
    authority,
    additional,
  }
}

function readRecord(bytes: Buffer, at: number): { record: ReceivedRecord; next: number } {
  const { name, next } = readName(bytes, at)
  need(bytes, next + 10)
  const [type, klass, ttl] = [bytes.readUInt16BE(next), bytes.readUInt16BE(next + 2), bytes.readUInt32BE(next + 4)]
  const begin = next + 10
  const end = begin + bytes.readUInt16BE(next + 8)
  need(bytes, end)
  const value = klass === CLASS.IN ? readValue(bytes, type, begin, end) : null
  return { record: { name, type, class: klass, ttl, data: bytes.subarray(begin, end), value, at }, next: end }
}

function readValue(bytes: Buffer, type: number, begin: number, end: number): string | null {
  switch (type) {
    case TYPE.A:
      if (end - begin !== 4) throw new DnsFormatError('an A record is not an address')
      return bytes.subarray(begin, end).join('.')
    case TYPE.AAAA:
      if (end - begin !== 16) throw new DnsFormatError('an AAAA record is not an address')
      return addressOf(bytes.subarray(begin, end))
    case TYPE.NS:
    case TYPE.CNAME: {
      const { name, next } = readName(bytes, begin)
      if (next !== end) throw new DnsFormatError('a record does not end with its name')
      return name
    }
    case TYPE.TXT:
      return readStrings(bytes, begin, end)
    default:
      return null
  }
}

function readStrings(bytes: Buffer, begin: number, end: number): string {
  const strings: string[] = []
  for (let at = begin; at < end;) {
    const next = at + 1 + bytes[at]!
    if (next > end) throw new DnsFormatError('a TXT record is cut off')
    strings.push(bytes.toString('latin1', at + 1, next))
    at = next
  }
  return strings.join('')
}

function addressOf(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(2 * index).toString(16))
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}

function need(bytes: Buffer, end: number): void {
  if (end > bytes.length) throw new DnsFormatError('a message is cut off')
}
