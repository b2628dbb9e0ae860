import { createHmac, type KeyObject, randomBytes, X509Certificate } from 'node:crypto'
import forge from 'node-forge'
import { type Asn1, bmpString, context, integer, octets, oid, sequence, set, toDer } from './der.js'

const OID = {
  data: '1.2.840.113549.1.7.1',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certBag: '1.2.840.113549.1.12.10.1.3',
  x509Certificate: '1.2.840.113549.1.9.22.1',
  friendlyName: '1.2.840.113549.1.9.20',
  localKeyId: '1.2.840.113549.1.9.21',
  sha256: '2.16.840.1.101.3.4.2.1',
} as const

/** Of the integrity of the whole (RFC 7292 appendix B); the key has rounds of its own. */
const ROUNDS = 2048
const MAC_BYTES = 32
/** RFC 7292 appendix B.3: what the derived bytes are for. */
const FOR_MAC = 3

/**
 * A key and its certificate, with those of its authorities, as a PKCS#12 file (RFC 7292) that OpenSSL 3, browsers and
 * operating systems read: the key by PBES2 (PBKDF2, AES-256-CBC), the integrity by HMAC-SHA-256. node-forge writes the
 * DER and derives the key of the MAC; its own writer knows RSA and algorithms of the nineties alone.
 */
export function pkcs12(
  { key, certificate, authorities }: { key: KeyObject; certificate: string; authorities: readonly string[] },
  name: string,
  password: string,
): Buffer {
  const leaf = new X509Certificate(certificate)
  const id = Buffer.from(leaf.fingerprint.replaceAll(':', ''), 'hex')
  const attributes = [attribute(OID.localKeyId, octets(id)), attribute(OID.friendlyName, bmpString(name))]
  const sealed = key.export({ format: 'der', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: password })
  const keyBag = bag(OID.shroudedKeyBag, forge.asn1.fromDer(sealed.toString('latin1')), attributes)
  const others = authorities.map((pem) => certBag(new X509Certificate(pem), []))
  const contents = [[keyBag], [certBag(leaf, attributes), ...others]].map((bags) => dataInfo(toDer(sequence(bags))))
  const safe = toDer(sequence(contents))
  return toDer(sequence([number(3), dataInfo(safe), macData(safe, password)]))
}

function certBag(certificate: X509Certificate, attributes: Asn1[]): Asn1 {
  const content = sequence([oid(OID.x509Certificate), context(0, [octets(certificate.raw)])])
  return bag(OID.certBag, content, attributes)
}

function bag(type: string, content: Asn1, attributes: Asn1[]): Asn1 {
  return sequence([oid(type), context(0, [content]), ...(attributes.length === 0 ? [] : [set(attributes)])])
}

function attribute(type: string, value: Asn1): Asn1 {
  return sequence([oid(type), set([value])])
}

/** ContentInfo of type data (RFC 5652 §4). */
function dataInfo(content: Buffer): Asn1 {
  return sequence([oid(OID.data), context(0, [octets(content)])])
}

function macData(content: Buffer, password: string): Asn1 {
  const salt = randomBytes(16)
  const md = forge.md.sha256.create()
  const bytes = forge.util.createBuffer(salt.toString('latin1'))
  const key = forge.pkcs12.generateKey(password, bytes, FOR_MAC, ROUNDS, MAC_BYTES, md).getBytes()
  const mac = createHmac('sha256', Buffer.from(key, 'latin1')).update(content).digest()
  return sequence([sequence([sequence([oid(OID.sha256), nothing()]), octets(mac)]), octets(salt), number(ROUNDS)])
}

function number(value: number): Asn1 {
  return integer(Buffer.from(value < 0x80 ? [value] : [value >> 8, value & 0xff]))
}

function nothing(): Asn1 {
  return forge.asn1.create(forge.asn1.Class.UNIVERSAL, forge.asn1.Type.NULL, false, '')
}
