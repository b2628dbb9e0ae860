export { removeFields } from './connection.js'
export { nodeAddress, plainAddress, visitorBehind, type IsTrusted } from './forwarded.js'
export { RandomIds } from './random-ids.js'
export { requestIdOf } from './request-id.js'
export {
  RequestHeaders,
  type ForwardedRequest,
  type HttpVersion,
  type RequestFacts,
  type RequestHeadersOptions,
} from './request.js'
export { ResponseHeaders, type ResponseFacts } from './response.js'
export { startedTrace } from './trace.js'
export { MAX_PASSES } from './via.js'
