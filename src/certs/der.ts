import forge from 'node-forge'

const { asn1 } = forge
const { Class, Type } = asn1

// What certificates and PKCS#12 are put together from: DER, as node-forge writes it.

export type Asn1 = forge.asn1.Asn1

const universal = (type: forge.asn1.Type, content: Buffer): Asn1 =>
  asn1.create(Class.UNIVERSAL, type, false, content.toString('latin1'))
export const sequence = (items: Asn1[]): Asn1 => asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, items)
export const context = (tag: number, items: Asn1[]): Asn1 => asn1.create(Class.CONTEXT_SPECIFIC, tag, true, items)
export const primitive = (tag: number, content: Buffer): Asn1 =>
  asn1.create(Class.CONTEXT_SPECIFIC, tag, false, content.toString('latin1'))
export const integer = (content: Buffer): Asn1 => universal(Type.INTEGER, content)
export const octets = (content: Buffer): Asn1 => universal(Type.OCTETSTRING, content)
export const boolean = (value: boolean): Asn1 => universal(Type.BOOLEAN, Buffer.from([value ? 0xff : 0]))
export const bits = (content: readonly number[]): Asn1 => universal(Type.BITSTRING, Buffer.from(content))
export const bitString = (content: Buffer): Asn1 =>
  universal(Type.BITSTRING, Buffer.concat([Buffer.from([0]), content]))
export const oid = (dotted: string): Asn1 =>
  asn1.create(Class.UNIVERSAL, Type.OID, false, asn1.oidToDer(dotted).getBytes())
export const dnsName = (name: string): Asn1 => primitive(2, Buffer.from(name, 'ascii'))
export const toDer = (item: Asn1): Buffer => Buffer.from(asn1.toDer(item).getBytes(), 'latin1')

export const set = (items: Asn1[]): Asn1 => asn1.create(Class.UNIVERSAL, Type.SET, true, items)
/** node-forge itself takes two bytes for each unit. */
export const bmpString = (text: string): Asn1 => asn1.create(Class.UNIVERSAL, Type.BMPSTRING, false, text)
