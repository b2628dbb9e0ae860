import t from 'tap'
import { everyKindOfCall, GrpcClient, GrpcEcho } from '../support/grpc-echo.js'
import { HttpProduct, hostOf } from '../support/http-product.js'

t.test('gRPC through server and agent: all four kinds of call, deadlines, cancellations', async (t) => {
  const [product, echo] = await Promise.all([HttpProduct.start(t), GrpcEcho.start(t)])
  await product.agent(t, echo.port, 'api', ['--upstream-protocol', 'http2'])
  await everyKindOfCall(t, echo, new GrpcClient(product, hostOf('api')))
})
