import t from 'tap'
import { HttpProduct } from '../support/http-product.js'
import { upstream } from '../support/http-upstream.js'
import { program } from '../support/places.js'
import { must } from '../support/processes.js'

const REQUESTS = 3_000

t.test('h2load by HTTP/1.1 and HTTP/2: every request succeeds', async (t) => {
  const product = await HttpProduct.start(t)
  const { port } = await upstream(t, (_, response) => response.end('x'.repeat(1024)))
  await product.agent(t, port, 'shop')
  const h2load = await program('h2load', 'nghttp2-client')
  const load = ['-n', String(REQUESTS), '-c', '16', `--connect-to=127.0.0.1:${product.port}`]
  for (const how of [['--h1'], ['-m', '16']]) {
    const { out } = await must(h2load, [...load, ...how, product.url('shop')])
    t.match(out, new RegExp(`Application protocol: ${how[0] === '--h1' ? 'http/1.1' : 'h2'}`))
    t.match(out, new RegExp(`${REQUESTS} succeeded, 0 failed, 0 errored, 0 timeout`))
    t.match(out, new RegExp(`status codes: ${REQUESTS} 2xx`))
    t.comment(/^finished in .*$/m.exec(out)?.[0] ?? out)
  }
})
