import t from 'tap'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { EVENTS, NUMBERS } from '../../src/metrics/definitions.js'
import { Metrics, type NumberName } from '../../src/metrics/index.js'

const plain = () => new Metrics({ version: '1.2.3', processMetrics: false })

/** The value of one series, or undefined when the page does not have it. */
const valueOf = (page: string, series: string) =>
  page
    .split('\n')
    .find((line) => line.startsWith(`${series} `))
    ?.slice(series.length + 1)

t.test('promtool accepts the page with every metric on it', async (t) => {
  const metrics = new Metrics({ version: '1.2.3' })
  const names = Object.keys(NUMBERS) as NumberName[]
  metrics.addSource(() => Object.fromEntries(names.map((name, i) => [name, i + 1])))
  metrics.setLimits({ sessions: 10, hello_timeout: 5000 })
  metrics.handshake(12)
  metrics.streamOpened(3)
  metrics.handshakeFailed('UR_WIRE_VERSION')
  metrics.bindRefused('UR_WIRE_VERSION')
  metrics.streamFailed('UR_WIRE_RESET')
  metrics.rejected('UR_WIRE_RESET')
  metrics.reloaded('ok')
  const page = await metrics.page()
  for (const { name } of [...Object.values(NUMBERS).map(([metric]) => metric), ...Object.values(EVENTS)]) {
    t.match(page, `\n# TYPE ${name} `)
  }
  t.match(page, 'nodejs_eventloop_lag_p99_seconds')
  t.match(page, 'process_resident_memory_bytes')

  const promtool = spawn('promtool', ['check', 'metrics'])
  const complaints = Promise.all([text(promtool.stdout), text(promtool.stderr)])
  promtool.stdin.end(page)
  const [status] = (await once(promtool, 'close')) as [number]
  t.equal(status, 0, (await complaints).join(''))
})

t.test('numbers of all sources are added up, read at each scrape, and gone with their source', async (t) => {
  const metrics = plain()
  let sessions = 1
  metrics.addSource(() => ({ sessions, visitorBytesIn: 10 }))
  const remove = metrics.addSource(() => ({ sessions: 5 }))
  let page = await metrics.page()
  t.equal(valueOf(page, 'uniroute_sessions'), '6')
  t.equal(valueOf(page, 'uniroute_visitor_bytes_total{direction="in"}'), '10')

  sessions = 2
  remove()
  page = await metrics.page()
  t.equal(valueOf(page, 'uniroute_sessions'), '2')
  t.equal(valueOf(page, 'uniroute_visitor_bytes_total{direction="in"}'), '10', 'a counter is not added to itself')
})

t.test('events are counted by reason, times are in seconds', async (t) => {
  const metrics = plain()
  metrics.rejected('UR_WIRE_RESET')
  metrics.rejected('UR_WIRE_RESET')
  metrics.rejected('UR_WIRE_TYPE')
  metrics.handshake(20)
  metrics.streamOpened(3000)
  const page = await metrics.page()
  t.equal(valueOf(page, 'uniroute_rejections_total{reason="UR_WIRE_RESET"}'), '2')
  t.equal(valueOf(page, 'uniroute_rejections_total{reason="UR_WIRE_TYPE"}'), '1')
  t.equal(valueOf(page, 'uniroute_handshake_duration_seconds_bucket{le="0.01"}'), '0')
  t.equal(valueOf(page, 'uniroute_handshake_duration_seconds_bucket{le="0.025"}'), '1')
  t.equal(valueOf(page, 'uniroute_stream_open_duration_seconds_sum'), '3')
})

t.test('a bucket has what lies on its bound and below, the last one all; a scrape takes nothing away', async (t) => {
  const metrics = plain()
  for (const ms of [1, 2.5, 2.6, 30_000, 30_001]) metrics.httpRequest(200, ms, null)
  metrics.httpRequest(0, 1, 'UR_WIRE_RESET')
  const name = 'uniroute_http_request_duration_seconds'
  for (let i = 0; i < 2; i++) {
    const page = await metrics.page()
    const buckets = ['0.001', '0.0025', '0.005', '10', '30', '+Inf']
    t.same(
      buckets.map((bound) => valueOf(page, `${name}_bucket{le="${bound}"}`)),
      ['2', '3', '4', '4', '5', '6'],
    )
    t.equal(valueOf(page, `${name}_count`), '6')
    t.equal(Number(valueOf(page, `${name}_sum`)).toFixed(4), '60.0081')
    t.equal(valueOf(page, 'uniroute_http_requests_total{status="2xx"}'), '5')
    t.equal(valueOf(page, 'uniroute_http_requests_total{status="none"}'), '1')
    t.equal(valueOf(page, 'uniroute_http_failures_total{reason="UR_WIRE_RESET"}'), '1')
  }
})

t.test('limits are shown, times among them in seconds; the version is a label', async (t) => {
  const metrics = plain()
  metrics.setLimits({ sessions: 7, hello_timeout: 5000 })
  const page = await metrics.page()
  t.equal(valueOf(page, 'uniroute_limit{limit="sessions"}'), '7')
  t.equal(valueOf(page, 'uniroute_limit{limit="hello_timeout"}'), '5')
  t.equal(valueOf(page, 'uniroute_build_info{version="1.2.3"}'), '1')
})

t.test('two registries do not see each other', async (t) => {
  const [a, b] = [plain(), plain()]
  a.rejected('UR_WIRE_RESET')
  t.notMatch(await b.page(), 'UR_WIRE_RESET')
})
