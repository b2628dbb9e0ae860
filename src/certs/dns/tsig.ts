import { createHmac, timingSafeEqual } from 'node:crypto'
import { CertificateError } from '../../core/errors.js'
import { Secret } from '../../core/secret.js'
import {
  CLASS,
  type DnsMessage,
  encodeName,
  DnsFormatError,
  RCODE,
  readName,
  recordBytes,
  TYPE,
} from '../../dns/index.js'

/** Algorithms of keys: their names in DNS and in Node (RFC 8945 §6). */
const ALGORITHMS = {
  'hmac-sha1': 'sha1',
  'hmac-sha256': 'sha256',
  'hmac-sha384': 'sha384',
  'hmac-sha512': 'sha512',
} as const

export type TsigAlgorithm = keyof typeof ALGORITHMS

export const TSIG_ALGORITHMS = Object.keys(ALGORITHMS) as readonly TsigAlgorithm[]

export interface TsigKeyOptions {
  /** As the name server has it. */
  readonly name: string
  /** Base64. */
  readonly secret: string
  readonly algorithm: TsigAlgorithm
}

/** Errors of the TSIG record (RFC 8945 §3). */
const BADSIG = 16
const BADKEY = 17
const BADTIME = 18
/** How far clocks may be apart, seconds (RFC 8945 §10). */
const FUDGE_S = 300

interface TsigRecord {
  readonly algorithm: string
  readonly signedAtS: number
  readonly fudgeS: number
  readonly mac: Buffer
  readonly originalId: number
  readonly error: number
  readonly other: Buffer
}

/** Signs messages with a secret that the name server has too (RFC 8945), and verifies its answers. */
export class TsigKey {
  readonly name: string
  readonly #algorithm: TsigAlgorithm
  readonly #secret: Secret

  /** Throws CertificateError UR_DNS_OPTION; the secret is in no message. */
  constructor({ name, secret, algorithm }: TsigKeyOptions) {
    try {
      this.name = readName(encodeName(name), 0).name
    } catch (error) {
      throw new CertificateError('UR_DNS_OPTION', `the name of the TSIG key, ${name}, is no name of DNS`, {
        cause: error,
      })
    }
    if (!(algorithm in ALGORITHMS)) {
      const known = TSIG_ALGORITHMS.join(', ')
      throw new CertificateError('UR_DNS_OPTION', `the TSIG algorithm ${String(algorithm)} is not one of ${known}`)
    }
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(secret) || Buffer.from(secret, 'base64').length === 0) {
      throw new CertificateError('UR_DNS_OPTION', `the secret of the TSIG key ${name} is not in base64`)
    }
    this.#algorithm = algorithm
    this.#secret = new Secret(secret)
  }

  /** The message with a TSIG record at its end, and the MAC, which the verification of the answer needs. */
  sign(message: Buffer, now: Date): { readonly bytes: Buffer; readonly mac: Buffer } {
    const record = { signedAtS: Math.floor(now.getTime() / 1000), fudgeS: FUDGE_S, error: 0, other: Buffer.alloc(0) }
    const mac = this.#mac([message, this.#variables(record)])
    const data = Buffer.concat([
      encodeName(this.#algorithm),
      timeBytes(record.signedAtS),
      uint16(FUDGE_S, mac.length),
      mac,
      uint16(message.readUInt16BE(0), 0, 0),
    ])
    const signed = Buffer.concat([
      message,
      ...recordBytes({ name: this.name, type: TYPE.TSIG, class: CLASS.ANY, ttl: 0, data }),
    ])
    signed.writeUInt16BE(message.readUInt16BE(10) + 1, 10)
    return { bytes: signed, mac }
  }

  /**
   * Whether the answer to a message with this MAC is from who has the key, and was made now (RFC 8945 §5.3). Only a
   * refusal may be unsigned. Throws CertificateError UR_DNS_KEY, UR_DNS_CLOCK or UR_DNS_ANSWER; `from` names the server.
   */
  verify(bytes: Buffer, answer: DnsMessage, requestMac: Buffer, now: Date, from: string): void {
    const last = answer.additional.at(-1)
    if (last?.type !== TYPE.TSIG) {
      if (answer.rcode !== RCODE.NOERROR) return
      throw new CertificateError(
        'UR_DNS_KEY',
        `${from} answered without a signature; it has to know the key ${this.name}`,
      )
    }
    const record = readTsig(last.data, from)
    if (record.error === BADKEY) {
      const message = `${from} does not take the TSIG key ${this.name} with ${this.#algorithm}`
      throw new CertificateError('UR_DNS_KEY', `${message}: it does not know it, or not for this change`)
    }
    if (record.error === BADSIG) {
      const message = `${from} has another secret for the TSIG key ${this.name} (${this.#algorithm})`
      throw new CertificateError('UR_DNS_KEY', message)
    }
    const unsigned = Buffer.from(bytes.subarray(0, last.at))
    unsigned.writeUInt16BE(record.originalId, 0)
    unsigned.writeUInt16BE(answer.additional.length - 1, 10)
    const mac = this.#mac([uint16(requestMac.length), requestMac, unsigned, this.#variables(record)])
    const isSame = last.name === this.name && record.algorithm === this.#algorithm
    if (!isSame || record.mac.length !== mac.length || !timingSafeEqual(record.mac, mac)) {
      const message = `the answer of ${from} is not signed with the TSIG key ${this.name}: it may be forged`
      throw new CertificateError('UR_DNS_KEY', message)
    }
    const nowS = Math.floor(now.getTime() / 1000)
    const theirsS = record.error === BADTIME ? serverTimeS(record) : record.signedAtS
    if (record.error === BADTIME || Math.abs(nowS - theirsS) > record.fudgeS) {
      const apart = `${Math.abs(nowS - theirsS)} s ${nowS > theirsS ? 'behind' : 'ahead of'} that of this machine`
      throw new CertificateError('UR_DNS_CLOCK', `the clock of ${from} is ${apart}; set them right on both machines`)
    }
    if (record.error !== 0) {
      throw new CertificateError('UR_DNS_KEY', `${from} refused the signature (TSIG error ${record.error})`)
    }
  }

  #mac(parts: readonly Buffer[]): Buffer {
    const hmac = createHmac(ALGORITHMS[this.#algorithm], Buffer.from(this.#secret.reveal(), 'base64'))
    for (const part of parts) hmac.update(part)
    return hmac.digest()
  }

  // RFC 8945 §4.3.3
  #variables({
    signedAtS,
    fudgeS,
    error,
    other,
  }: Pick<TsigRecord, 'signedAtS' | 'fudgeS' | 'error' | 'other'>): Buffer {
    return Buffer.concat([
      encodeName(this.name),
      uint16(CLASS.ANY, 0, 0),
      encodeName(this.#algorithm),
      timeBytes(signedAtS),
      uint16(fudgeS, error, other.length),
      other,
    ])
  }
}

/** Reads the value of a TSIG record (RFC 8945 §4.2). */
function readTsig(data: Buffer, from: string): TsigRecord {
  try {
    const { name: algorithm, next } = readName(data, 0)
    const macAt = next + 10
    const macEnd = macAt + lengthAt(data, next + 8)
    const otherAt = macEnd + 6
    const end = otherAt + lengthAt(data, macEnd + 4)
    if (end !== data.length) throw new DnsFormatError('a TSIG record has a wrong length')
    return {
      algorithm,
      signedAtS: data.readUIntBE(next, 6),
      fudgeS: data.readUInt16BE(next + 6),
      mac: data.subarray(macAt, macEnd),
      originalId: data.readUInt16BE(macEnd),
      error: data.readUInt16BE(macEnd + 2),
      other: data.subarray(otherAt, end),
    }
  } catch (error) {
    if (!(error instanceof DnsFormatError)) throw error
    throw new CertificateError('UR_DNS_ANSWER', `the signature of the answer of ${from} cannot be read`, {
      cause: error,
    })
  }
}

function lengthAt(data: Buffer, at: number): number {
  if (at + 2 > data.length) throw new DnsFormatError('a TSIG record is cut off')
  return data.readUInt16BE(at)
}

/** The time of a server that found ours wrong (RFC 8945 §5.2.3). */
function serverTimeS({ other, signedAtS }: TsigRecord): number {
  return other.length === 6 ? other.readUIntBE(0, 6) : signedAtS
}

function timeBytes(seconds: number): Buffer {
  const bytes = Buffer.alloc(6)
  bytes.writeUIntBE(seconds, 0, 6)
  return bytes
}

function uint16(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length)
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, 2 * index)
  return bytes
}
