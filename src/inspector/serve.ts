import { fileURLToPath } from 'node:url'
import { systemClock } from '../core/clock.js'
import { NetworkError } from '../core/errors.js'
import type { Logger } from '../core/logger.js'
import { inspectorApp } from './api/app.js'
import { Suites } from './files/suites.js'
import type { ExchangeBook } from './book.js'
import { namesOfTunnels } from './grpc/names-of-tunnels.js'
import { listenNear } from './listen-near.js'
import { BookRecorder } from './replay/book-recorder.js'
import { Replayer } from './replay/replayer.js'
import { StatusBoard } from './status/status.js'
import type { ExchangeStore } from './store/exchange-store.js'
import type { Inspected, Serving } from './thread.js'

/** The built pages, of this package. */
const PAGES = fileURLToPath(new URL('../../dist/ui', import.meta.url))

/** Serves the API and the pages from what the inspector keeps. */
export async function serve(inspected: Inspected): Promise<Serving> {
  const { settings, context, connections, httpConnections, log, control, tunnels, report, capture } = inspected
  const { host, port } = settings
  const { book } = context
  const recorder = new BookRecorder(context)
  const store = settings.store === null ? null : await storeOf(settings.store, book, log)
  const board = new StatusBoard({ book, connections: [connections, httpConnections], tunnels, report, capture })
  const app = await inspectorApp({
    book,
    connections,
    recorder,
    replayer: new Replayer({ clock: systemClock, recorder, tunnels }),
    suites: new Suites(settings.suites),
    grpc: namesOfTunnels(tunnels, settings.protos, systemClock),
    log,
    status: () => board.status(),
    allowedHosts: new Set([host, ...settings.allowHosts].map((name) => name.toLowerCase())),
    pages: PAGES,
    control,
  })
  try {
    await listenNear(port, async (next) => {
      await app.listen({ host, port: next })
    })
  } catch (error) {
    store?.close()
    await app.close()
    const { code, message } = error as NodeJS.ErrnoException
    const what = `${host}:${port} could not be listened on: ${code ?? message}. What to do: choose another address with --inspect-addr.`
    throw new NetworkError('UR_INSPECT_LISTEN', what, { cause: error })
  }
  const address = app.server.address()
  const at = typeof address === 'object' && address !== null ? address.port : port
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${at}`,
    close: async () => {
      app.server.closeAllConnections()
      // the rest of the process may end soon
      store?.close()
      await app.close()
    },
  }
}

async function storeOf(folder: string, book: ExchangeBook, log: Logger): Promise<ExchangeStore> {
  const { ExchangeStore } = await import('./store/exchange-store.js')
  const store = new ExchangeStore({ folder, book, log })
  store.start()
  return store
}
