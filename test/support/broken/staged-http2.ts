import { constants, createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import { WHOLE, type Deed, type Sight } from './staged-upstream.js'

const PIECE = Buffer.alloc(16 * 1024, 'x')

export interface StagedHttp2 {
  readonly server: Http2Server
  /**
   * Ends the connections that are there, in peace. Not by their age: a request whose body has begun when its connection
   * ends is lost, and rightly so.
   */
  closeConnections(): void
}

/** The deeds of a staged upstream by HTTP/2; `saw` is told of each request's key what is seen. */
export function stagedHttp2(saw: (key: string, sight: Sight) => void): StagedHttp2 {
  const server = createServer({ settings: { enableConnectProtocol: true } })
  const sessions = new Set<ServerHttp2Session>()
  server.on('sessionError', () => undefined)
  server.on('session', (session) => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
  })
  server.on('stream', (stream, headers) => {
    const [, deed = '', key = ''] = (headers[':path'] ?? '').split('/')
    stream.on('error', () => undefined)
    act(stream, deed as Deed, key, saw)
  })
  return {
    server,
    closeConnections: () => {
      for (const session of sessions) session.close()
    },
  }
}

function act(stream: ServerHttp2Stream, deed: Deed, key: string, saw: (key: string, sight: Sight) => void): void {
  const cut = () => {
    if (key.endsWith('1')) stream.session?.destroy()
    else stream.close(constants.NGHTTP2_INTERNAL_ERROR)
  }
  switch (deed) {
    case 'wait':
    case 'endless':
      saw(key, 'head')
      stream.once('close', () => saw(key, 'gone'))
      stream.on('data', () => saw(key, 'body'))
      if (deed === 'endless') flood(stream)
      return
    case 'upgrade':
      stream.once('close', () => saw(key, 'gone'))
      stream.respond({ ':status': 200 })
      stream.pipe(stream)
      return
    case 'cut-head':
    case 'cut-sent':
    case 'cut-answer-head':
      return cut()
    case 'cut-body':
      stream.once('data', cut)
      return
    case 'cut-answer':
      stream.respond({ ':status': 200, 'content-length': 100_000 })
      stream.write('some of it', cut)
      return
    case 'whole':
    case 'cut-after':
      stream.resume()
      stream.once('end', () => {
        // One that is broken off ends as well.
        if (stream.destroyed) return
        stream.respond({ ':status': 200, 'content-length': WHOLE.length })
        stream.end(WHOLE, () => deed === 'cut-after' && cut())
      })
  }
}

/** As fast as it is taken. */
function flood(stream: ServerHttp2Stream): void {
  const more = () => {
    while (!stream.destroyed && stream.write(PIECE));
  }
  stream.respond({ ':status': 200 })
  stream.on('drain', more)
  more()
}
