import * as grpc from '@grpc/grpc-js'
import { loadSync, type PackageDefinition } from '@grpc/proto-loader'
import { ReflectionService } from '@grpc/reflection'
import { fileURLToPath } from 'node:url'
import type { Owner } from './places.js'

export const SHOP_PROTO = fileURLToPath(new URL('./shop.proto', import.meta.url))

export const ORDER = {
  item: 'tea "green" </script>',
  count: 3,
  price: { currency: 'EUR', cents: '-250' },
  labels: { gift: 'yes' },
  token: Buffer.from([0xff, 0]),
  size: 'SIZE_LARGE',
}

export const RECEIPT = { number: '9007199254740993', at: { seconds: '1700000000', nanos: 0 }, orders: [ORDER] }

/** What of grpc-js's dynamic client the tests call. */
export interface ShopClient extends grpc.Client {
  buy(order: object, done: (error: grpc.ServiceError | null, receipt: unknown) => void): void
}

interface ShopService {
  new (address: string, credentials: grpc.ChannelCredentials, options?: object): ShopClient
  readonly service: grpc.ServiceDefinition
}

const definition: PackageDefinition = loadSync(SHOP_PROTO, { longs: String, enums: String })
const { Shop } = (grpc.loadPackageDefinition(definition) as unknown as { shop: { v1: { Shop: ShopService } } }).shop.v1

/** A grpc-js server of `shop.v1.Shop` on a free port of loopback, with reflection or without. */
export async function startGrpcShop(owner: Owner, { reflection = true } = {}): Promise<number> {
  const server = new grpc.Server()
  server.addService(Shop.service, {
    Buy: (_call: unknown, done: grpc.sendUnaryData<unknown>) => done(null, RECEIPT),
  })
  if (reflection) new ReflectionService(definition).addToServer(server)
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    )
  })
  owner.teardown(() => server.forceShutdown())
  return port
}

export function shopClient(owner: Owner, address: string, options: object = {}): ShopClient {
  const client = new Shop(address, grpc.credentials.createInsecure(), options)
  owner.teardown(() => client.close())
  return client
}
