/** TLS alert descriptions that a peeking server has a use for (RFC 8446 §6). */
export const TLS_ALERT = {
  handshakeFailure: 40,
  accessDenied: 49,
  decodeError: 50,
  protocolVersion: 70,
  internalError: 80,
  unrecognizedName: 112,
  noApplicationProtocol: 120,
} as const

export type TlsAlert = keyof typeof TLS_ALERT

/**
 * The record that answers a ClientHello with a fatal alert (RFC 8446 §6.2), to be sent before the connection is closed.
 * In the clear, as it must be before a ServerHello.
 */
export function clientHelloAlert(alert: TlsAlert): Buffer {
  return Buffer.from([21, 3, 3, 0, 2, 2, TLS_ALERT[alert]])
}
