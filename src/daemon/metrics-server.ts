import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ListenAddress } from '../config/index.js'
import { NetworkError } from '../core/errors.js'
import type { Logger } from '../core/logger.js'
import type { Metrics } from '../metrics/index.js'
import type { Readiness } from './readiness.js'

export interface MetricsServerOptions {
  listen: ListenAddress
  metrics: Metrics
  readiness: Readiness
  log: Logger
}

/** Serves `/metrics`, `/healthz` (the process answers) and `/readyz` (200, or 503 with the reasons; JSON). */
export class MetricsServer {
  readonly #server: http.Server
  readonly #options: MetricsServerOptions

  private constructor(options: MetricsServerOptions) {
    this.#options = options
    this.#server = http.createServer(
      { requestTimeout: 5_000, headersTimeout: 5_000, maxHeaderSize: 8_192 },
      (request, response) => {
        this.#answer(request, response).catch((error: unknown) => {
          options.log.error({ error, path: request.url }, 'a request for metrics failed')
          response.destroy()
        })
      },
    )
    this.#server.maxConnections = 64
  }

  /** Throws NetworkError(UR_METRICS_LISTEN). */
  static async listen(options: MetricsServerOptions): Promise<MetricsServer> {
    const server = new MetricsServer(options)
    const { host, port } = options.listen
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', (error: NodeJS.ErrnoException) =>
        reject(
          new NetworkError(
            'UR_METRICS_LISTEN',
            `could not listen on ${host ?? '*'}:${port} for metrics: ${error.code ?? error.message}. Free the port or set listen.metrics`,
            { cause: error },
          ),
        ),
      )
      server.#server.listen({ port, ...(host === undefined ? {} : { host }) }, resolve)
    })
    server.#server.on('error', (error) => options.log.error({ error }, 'the metrics listener failed'))
    return server
  }

  get address(): AddressInfo {
    return this.#server.address() as AddressInfo
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const { metrics, readiness } = this.#options
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return send(response, 405, JSON_TYPE, '{"error":"only GET and HEAD"}\n')
    switch (request.url?.split('?', 1)[0]) {
      case '/metrics':
        return send(response, 200, metrics.contentType, await metrics.page())
      case '/healthz':
        return send(response, 200, JSON_TYPE, '{"status":"ok"}\n')
      case '/readyz': {
        const state = readiness.look()
        return send(response, state.ready ? 200 : 503, JSON_TYPE, `${JSON.stringify(state)}\n`)
      }
      default:
        return send(response, 404, JSON_TYPE, '{"error":"there are /metrics, /healthz and /readyz"}\n')
    }
  }
}

const JSON_TYPE = 'application/json'

function send(response: http.ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  })
  response.end(body)
}
