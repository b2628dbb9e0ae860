export { type Aliases, DnsClient, type DnsOptions } from './client.js'
export { addressData, txtData, typeOf, usualValue } from './data.js'
export { type DnsServer, exchangeOverTcp, type ExchangeOptions, newId, query, serverText } from './exchange.js'
export { DnsFailure, DnsUnreachable } from './failure.js'
export {
  CLASS,
  decodeMessage,
  type DnsMessage,
  encodeMessage,
  type MessageToSend,
  OPCODE,
  type Question,
  RCODE,
  rcodeName,
  type ReceivedRecord,
  recordBytes,
  type RecordToSend,
  TYPE,
} from './message.js'
export { DnsFormatError, encodeName, isWithin, readName, upwards } from './name.js'
export { DnsLookup, type LookupOptions, type ZoneServer } from './lookup.js'
