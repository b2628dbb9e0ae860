import { createHash, type KeyObject, randomBytes, sign } from 'node:crypto'
import forge from 'node-forge'
import { ipToBytes } from '../hello/ip-bytes.js'
import {
  type Asn1,
  bits,
  bitString,
  boolean,
  context,
  dnsName,
  integer,
  octets,
  oid,
  primitive,
  sequence,
  toDer,
} from './der.js'

const { asn1 } = forge
const { Class, Type } = asn1

const OID = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  authorityKeyIdentifier: '2.5.29.35',
  extKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  acmeIdentifier: '1.3.6.1.5.5.7.1.31',
} as const

/** KeyUsage bits (RFC 5280 §4.2.1.3) as DER bit strings: unused bits, then the bits. */
const USAGE = { digitalSignature: [7, 0x80], keyCertSignAndCrlSign: [1, 0x06] } as const

/** What stands in a certificate. */
export interface CertificateFields {
  readonly commonName: string
  readonly issuerName: string
  readonly notBefore: Date
  readonly notAfter: Date
  /** P-256. */
  readonly publicKey: KeyObject
  /** The issuer's public key. */
  readonly issuerKey: KeyObject
  /**
   * A CA that may only vouch for these host names (and all below them) and these IP ranges (CIDR); a server; the proof of
   * a name (RFC 8737 §3), with the SHA-256 of the key authorization; a CA that vouches for clients alone; or a client.
   */
  readonly role:
    | { readonly permitted: { readonly hosts: readonly string[]; readonly ranges: readonly string[] } }
    | { readonly names: readonly string[] }
    | { readonly proves: string; readonly digest: Buffer }
    | { readonly clients: 'vouches' | 'is' }
}

/**
 * Builds a certificate (RFC 5280) and signs it with ECDSA P-256 and SHA-256. node-forge writes the DER; it has no
 * elliptic curves, so keys and the signature come from node:crypto. Returns PEM.
 */
export function signedCertificate(fields: CertificateFields, issuerPrivateKey: KeyObject): string {
  const algorithm = sequence([oid(OID.ecdsaWithSha256)])
  const body = sequence([
    context(0, [integer(Buffer.from([2]))]),
    integer(serialNumber()),
    algorithm,
    distinguishedName(fields.issuerName),
    sequence([time(fields.notBefore), time(fields.notAfter)]),
    distinguishedName(fields.commonName),
    asn1.fromDer(fields.publicKey.export({ type: 'spki', format: 'der' }).toString('latin1')),
    context(3, [sequence(extensions(fields))]),
  ])
  const signature = sign('sha256', toDer(body), issuerPrivateKey)
  const certificate = sequence([body, algorithm, bitString(signature)])
  const lines =
    toDer(certificate)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

function extensions({ role, publicKey, issuerKey }: CertificateFields): Asn1[] {
  const identifiers = [
    extension(OID.subjectKeyIdentifier, false, octets(keyIdentifier(publicKey))),
    extension(OID.authorityKeyIdentifier, false, sequence([primitive(0, keyIdentifier(issuerKey))])),
  ]
  const authority = [
    extension(OID.basicConstraints, true, sequence([boolean(true), integer(Buffer.from([0]))])),
    extension(OID.keyUsage, true, bits(USAGE.keyCertSignAndCrlSign)),
  ]
  const leaf = [
    extension(OID.basicConstraints, true, sequence([])),
    extension(OID.keyUsage, true, bits(USAGE.digitalSignature)),
  ]
  if ('permitted' in role) {
    const { hosts, ranges } = role.permitted
    const subtrees = [...hosts.map(dnsName), ...ranges.map(ipRange)].map((name) => sequence([name]))
    return [...authority, extension(OID.nameConstraints, true, sequence([context(0, subtrees)])), ...identifiers]
  }
  if ('clients' in role) {
    const usage = extension(OID.extKeyUsage, false, sequence([oid(OID.clientAuth)]))
    return [...(role.clients === 'vouches' ? authority : leaf), usage, ...identifiers]
  }
  const names = 'proves' in role ? [role.proves] : role.names
  return [
    ...leaf,
    extension(OID.extKeyUsage, false, sequence([oid(OID.serverAuth)])),
    extension(OID.subjectAltName, false, sequence(names.map(generalName))),
    ...('proves' in role ? [extension(OID.acmeIdentifier, true, octets(role.digest))] : []),
    ...identifiers,
  ]
}

/** RFC 5280 §4.2.1.6: a host name, or an IP address as its bytes. */
function generalName(name: string): Asn1 {
  const ip = ipToBytes(name)
  return ip ? primitive(7, ip) : dnsName(name)
}

/** RFC 5280 §4.2.1.10: the address, then the mask. */
function ipRange(cidr: string): Asn1 {
  const [address = '', length = ''] = cidr.split('/')
  const ip = ipToBytes(address)
  if (!ip) throw new TypeError(`${cidr} is no IP range`)
  const mask = ip.map((_, i) => 0xff & (0xff00 >> Math.max(0, Math.min(8, Number(length) - 8 * i))))
  return primitive(7, Buffer.concat([ip, mask]))
}

function extension(id: string, critical: boolean, value: Asn1): Asn1 {
  return sequence([oid(id), ...(critical ? [boolean(true)] : []), octets(toDer(value))])
}

function distinguishedName(commonName: string): Asn1 {
  return forge.pki.distinguishedNameToAsn1({
    attributes: [
      { type: '2.5.4.10', value: 'UniRoute' },
      { type: '2.5.4.3', value: commonName },
    ],
  })
}

/** RFC 5280 §4.1.2.5: UTCTime until 2049, GeneralizedTime from 2050 on. */
function time(date: Date): Asn1 {
  const isLate = date.getUTCFullYear() >= 2050
  const text = isLate ? asn1.dateToGeneralizedTime(date) : asn1.dateToUtcTime(date)
  return asn1.create(Class.UNIVERSAL, isLate ? Type.GENERALIZEDTIME : Type.UTCTIME, false, text)
}

/** Positive, and of full length in DER: the first byte is 0x40 to 0x7f. */
function serialNumber(): Buffer {
  const serial = randomBytes(16)
  serial[0] = (serial.readUInt8(0) & 0x3f) | 0x40
  return serial
}

/** RFC 5280 §4.2.1.2, method 1: SHA-1 of the public point; the last 65 bytes of a P-256 SubjectPublicKeyInfo. */
function keyIdentifier(publicKey: KeyObject): Buffer {
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha1')
    .update(spki.subarray(spki.length - 65))
    .digest()
}
