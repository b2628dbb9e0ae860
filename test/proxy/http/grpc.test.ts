import { createServer as createHttp2, type ServerHttp2Stream } from 'node:http2'
import { credentials, Metadata, Server, ServerCredentials, status, type ServiceDefinition } from '@grpc/grpc-js'
import * as grpc from '@grpc/grpc-js'
import t from 'tap'
import { within } from '../../support/hang.js'
import { call2, HttpTunnels } from '../../support/http-tunnel.js'
import { listen } from '../../support/places.js'

const HOST = 'shop.localhost'
const bytes = { serialize: (value: Buffer) => value, deserialize: (value: Buffer) => value }
const method = (name: string, requestStream: boolean, responseStream: boolean) => ({
  path: `/test.Echo/${name}`,
  requestStream,
  responseStream,
  requestSerialize: bytes.serialize,
  requestDeserialize: bytes.deserialize,
  responseSerialize: bytes.serialize,
  responseDeserialize: bytes.deserialize,
})
const SERVICE = {
  unary: method('Unary', false, false),
  down: method('Down', false, true),
  up: method('Up', true, false),
  both: method('Both', true, true),
  never: method('Never', false, false),
  fails: method('Fails', false, false),
} satisfies ServiceDefinition

t.test('gRPC: all four kinds of call, status and metadata, deadlines, cancellations', async (t) => {
  let cancelled = 0
  const server = new Server()
  server.addService(SERVICE, {
    unary: (call: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) => {
      const trailers = new Metadata()
      trailers.set('x-sum', String(call.request.length))
      done(null, call.request, trailers)
    },
    down: (call: grpc.ServerWritableStream<Buffer, Buffer>) => {
      for (let i = 0; i < 100; i++) call.write(Buffer.concat([call.request, Buffer.from(String(i))]))
      call.end()
    },
    up: (call: grpc.ServerReadableStream<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) => {
      let count = 0
      call.on('data', () => count++)
      call.on('end', () => done(null, Buffer.from(String(count))))
    },
    both: (call: grpc.ServerDuplexStream<Buffer, Buffer>) => {
      call.on('data', (chunk: Buffer) => call.write(chunk))
      call.on('end', () => call.end())
    },
    never: (call: grpc.ServerUnaryCall<Buffer, Buffer>) => call.on('cancelled', () => cancelled++),
    fails: (_: unknown, done: grpc.sendUnaryData<Buffer>) =>
      done({ code: status.FAILED_PRECONDITION, details: 'not now' }),
  })
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    )
  })
  t.teardown(() => server.forceShutdown())
  const tunnels = await HttpTunnels.start(t)
  await tunnels.agent({ name: 'api', upstream: port, subdomain: 'shop', http: { upstreamProtocol: 'http2' } })

  const Client = grpc.makeGenericClientConstructor(SERVICE, 'Echo')
  const client = new Client(`127.0.0.1:${tunnels.port}`, credentials.createSsl(tunnels.ca), {
    'grpc.ssl_target_name_override': HOST,
    'grpc.default_authority': HOST,
  })
  t.teardown(() => client.close())
  type Unary = (
    request: Buffer,
    options: grpc.CallOptions,
    done: (error: grpc.ServiceError | null, value?: Buffer) => void,
  ) => grpc.ClientUnaryCall
  const calls = client as unknown as {
    unary: Unary
    never: Unary
    fails: Unary
    down: (request: Buffer) => grpc.ClientReadableStream<Buffer>
    up: (done: (error: grpc.ServiceError | null, value?: Buffer) => void) => grpc.ClientWritableStream<Buffer>
    both: () => grpc.ClientDuplexStream<Buffer, Buffer>
  }

  const unary = await within(
    'unary',
    new Promise<{ value: string; trailers: Metadata }>((resolve, reject) => {
      let value = ''
      const call = calls.unary(Buffer.from('hello'), {}, (error, answer) =>
        error ? reject(error) : (value = String(answer)),
      )
      call.on('status', ({ metadata }: grpc.StatusObject) => resolve({ value, trailers: metadata }))
    }),
  )
  t.equal(unary.trailers.get('x-sum')[0], '5')

  const down: string[] = []
  await within(
    'server streaming',
    new Promise<void>((resolve, reject) => {
      const call = calls.down(Buffer.from('n'))
      call.on('data', (chunk: Buffer) => down.push(chunk.toString()))
      call.on('end', resolve)
      call.on('error', reject)
    }),
  )
  t.equal(down.length, 100)
  t.equal(down[99], 'n99')

  const up = await within(
    'client streaming',
    new Promise<string>((resolve, reject) => {
      const call = calls.up((error, value) => (error ? reject(error) : resolve(String(value))))
      for (let i = 0; i < 50; i++) call.write(Buffer.from('x'))
      call.end()
    }),
  )
  t.equal(up, '50')

  const both = calls.both()
  let echoed = 0
  await within(
    'both ways',
    new Promise<void>((resolve, reject) => {
      both.on('data', () => (++echoed === 20 ? both.end() : both.write(Buffer.from('again'))))
      both.on('end', resolve)
      both.on('error', reject)
      both.write(Buffer.from('first'))
    }),
  )
  t.equal(echoed, 20)

  const failure = (call: Unary, options: grpc.CallOptions = {}) =>
    within(
      'a status',
      new Promise<grpc.ServiceError | null>((resolve) => call.call(client, Buffer.from('x'), options, resolve)),
    )
  t.match(await failure(calls.fails), { code: status.FAILED_PRECONDITION, details: 'not now' })
  t.match(await failure(calls.never, { deadline: Date.now() + 300 }), { code: status.DEADLINE_EXCEEDED })
  const ending = new Promise<grpc.ServiceError | null>((resolve) => {
    const call = calls.never.call(client, Buffer.from('x'), {}, resolve)
    setTimeout(() => call.cancel(), 100)
  })
  t.match(await within('the end', ending), { code: status.CANCELLED })
  await within(
    'both are cancelled at the server',
    new Promise<void>((resolve) => {
      const look = setInterval(() => cancelled === 2 && (clearInterval(look), resolve()), 20)
    }),
  )
})

t.test('an upstream of HTTP/2: bodies, trailers, and one that does not take WebSockets', async (t) => {
  const server = createHttp2()
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    let bytes = 0
    stream.on('data', (chunk: Buffer) => (bytes += chunk.length))
    stream.on('end', () => {
      stream.respond({ ':status': 200, 'x-path': headers[':path'] }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-bytes': String(bytes) }))
      stream.end('done')
    })
  })
  const port = await listen(server)
  t.teardown(() => server.close())
  const tunnels = await HttpTunnels.start(t)
  await tunnels.agent({ name: 'api', upstream: port, subdomain: 'shop', http: { upstreamProtocol: 'http2' } })
  const session = tunnels.http2(HOST)
  const answer = await call2(session, '/a', { method: 'POST', body: Buffer.alloc(1_000_000) })
  t.match(answer, { status: 200, body: 'done', headers: { 'x-path': '/a' }, trailers: { 'x-bytes': '1000000' } })
  const both = await Promise.all(Array.from({ length: 50 }, (_, i) => tunnels.call(HOST, `/${i}`)))
  t.same(
    both.map(({ headers }) => headers['x-path']),
    both.map((_, i) => `/${i}`),
  )
  const wanted = await tunnels.call(HOST, '/', { headers: { connection: 'Upgrade', upgrade: 'websocket' } })
  t.equal(wanted.status, 501)
})
