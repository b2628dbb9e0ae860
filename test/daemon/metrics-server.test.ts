import t from 'tap'
import { silentLogger } from '../../src/core/logger.js'
import { MetricsServer } from '../../src/daemon/metrics-server.js'
import { Readiness } from '../../src/daemon/readiness.js'
import { Metrics } from '../../src/metrics/index.js'

const metrics = new Metrics({ version: '1.2.3', processMetrics: false })

async function start(t: { teardown(work: () => unknown): unknown }) {
  const readiness = new Readiness()
  const server = await MetricsServer.listen({
    listen: { host: '127.0.0.1', port: 0 },
    metrics,
    readiness,
    log: silentLogger,
  })
  t.teardown(() => server.close())
  return { readiness, server, url: `http://127.0.0.1:${server.address.port}` }
}

t.test('metrics for Prometheus', async (t) => {
  const { url } = await start(t)
  const response = await fetch(`${url}/metrics`)
  t.match(response.headers.get('content-type'), 'text/plain')
  t.match(await response.text(), 'uniroute_build_info{version="1.2.3"} 1')
})

t.test('health is about the process, readiness says why not', async (t) => {
  const { readiness, url } = await start(t)
  t.equal((await fetch(`${url}/readyz`)).status, 200)
  readiness.set('draining', 'the server is stopping')
  const response = await fetch(`${url}/readyz`)
  t.equal(response.status, 503)
  t.strictSame(await response.json(), {
    ready: false,
    reasons: { draining: 'the server is stopping' },
    warnings: {},
  })
  t.equal((await fetch(`${url}/healthz`)).status, 200)
  readiness.set('draining', null)
  readiness.watchReason('descriptors', () => null)
  readiness.watchWarning('database', () => 'it does not answer')
  const warned = await fetch(`${url}/readyz?x`)
  t.equal(warned.status, 200, 'a warning is no reason')
  t.strictSame(await warned.json(), { ready: true, reasons: {}, warnings: { database: 'it does not answer' } })
})

t.test('anything else is refused', async (t) => {
  const { url } = await start(t)
  t.equal((await fetch(`${url}/metric`)).status, 404)
  t.equal((await fetch(`${url}/metrics`, { method: 'POST', body: 'x' })).status, 405)
})

t.test('a port that is taken', async (t) => {
  const { server } = await start(t)
  const listen = { host: '127.0.0.1', port: server.address.port }
  const again = MetricsServer.listen({ listen, metrics, readiness: new Readiness(), log: silentLogger })
  await t.rejects(again, { code: 'UR_METRICS_LISTEN', message: /EADDRINUSE/ })
})
