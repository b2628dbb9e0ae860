import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { listenNear } from './listen-near.js'
import type { Inspected, Serving } from './thread.js'

/** Serves what the inspector keeps. */
export async function serve({ settings, capture }: Inspected): Promise<Serving> {
  const server = createServer((_request, response) => response.end(JSON.stringify(capture())))
  await listenNear(settings.port, (port) => listen(server, settings.host, port))
  const { address, port } = server.address() as AddressInfo
  return {
    url: `http://${address.includes(':') ? `[${address}]` : address}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
