import { isSecretName } from './names.js'
import { REDACTED, redactShapes } from './shapes.js'

/** How a token of Kubernetes comes: behind the name of what it is. */
const WITH_TOKEN = /^(\s*base64url\.bearer\.authorization\.k8s\.io\.).*/

/**
 * Redacts Sec-WebSocket-Protocol, where pages put tokens, as no other field is theirs to set: one within a name, or as the
 * name behind `bearer`, `access_token`…
 */
export function redactProtocols(value: string): string {
  const names = value.split(',')
  return names.map((name, i) => (announces(names[i - 1] ?? '') ? ` ${REDACTED}` : redactProtocol(name))).join(',')
}

function announces(name: string): boolean {
  const plain = name.trim()
  return /^bearer$/i.test(plain) || isSecretName(plain, 'header')
}

function redactProtocol(name: string): string {
  return redactShapes(name).replace(WITH_TOKEN, `$1${REDACTED}`)
}
