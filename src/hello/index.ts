export { clientHelloAlert, TLS_ALERT, type TlsAlert } from './alert.js'
export { MAX_HELLO_BYTES, parseClientHello, type ClientHello, type ClientHelloResult } from './client-hello.js'
export { looksLikeHttp, PLAIN_HTTP_ANSWER } from './http-head.js'
export { peek, type Peeked, type PeekOptions } from './peek.js'
export {
  encodeProxyHeader,
  parseProxyHeader,
  type Endpoint,
  type ProxyHeader,
  type ProxyHeaderResult,
} from './proxy-header.js'
