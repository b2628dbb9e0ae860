/** Bounds of `http` tunnels, from `limits.*`. */
export interface HttpLimits {
  /** Bytes of the header section of a request, and of an answer; trailers likewise. */
  readonly headerBytes: number
  /** How long a visitor may take to send a header section, ms. */
  readonly headerTimeoutMs: number
  /** How long a visitor may send or take nothing of a body that is wanted or there, ms. */
  readonly bodyTimeoutMs: number
  /** How long a visitor's connection may stay without a request, ms. */
  readonly keepAliveMs: number
  /** How long an upstream may take until its answer begins, ms. */
  readonly responseTimeoutMs: number
  /** Requests of one HTTP/2 connection at once. */
  readonly concurrentStreams: number
  /** Requests of one HTTP/2 connection that the visitor may take back in a second. */
  readonly resetRate: number
  /** Requests that wait for an agent at once, and the bytes of them. */
  readonly heldRequests: number
  readonly heldRequestBytes: number
}

export const DEFAULT_HTTP_LIMITS: HttpLimits = {
  headerBytes: 32 * 1024,
  headerTimeoutMs: 10_000,
  bodyTimeoutMs: 60_000,
  keepAliveMs: 75_000,
  responseTimeoutMs: 300_000,
  concurrentStreams: 128,
  resetRate: 200,
  heldRequests: 4_096,
  heldRequestBytes: 64 * 1024 * 1024,
}
