import t from 'tap'
import { render, type ScreenModel } from '../../../src/cli/screen/render.js'

const online: ScreenModel = {
  status: 'online',
  statusDetail: null,
  version: '0.1.0',
  serverVersion: '0.1.0',
  server: 'tunnels.example.com:443',
  node: 'node-1',
  latencyMs: 23.4,
  carriers: [
    { number: 1, rttMs: 23.4 },
    { number: 4, rttMs: null },
  ],
  inspector: null,
  forwardings: [
    { publicUrl: 'tcp://tunnels.example.com:20001', upstream: 'localhost:5432', problem: null },
    { publicUrl: null, upstream: 'localhost:6379', problem: null },
    { publicUrl: null, upstream: 'localhost:22', problem: 'port 20022 is taken' },
  ],
  traffic: { total: 12, open: 3, rate1: 0.25, rate5: 0.1, rate15: 0, p50: 0.034, p90: 12.5, p95: 0, p99: 0 },
  requests: null,
  messages: [{ level: 'warning', time: '12:00:01', text: 'the server will restart' }],
}

t.test('golden: everything there', async (t) => {
  t.equal(
    render(online, { columns: 80, rows: 40, color: false }).join('\n'),
    `uniroute                                                        (Ctrl+C to quit)

Session Status                online
Version                       0.1.0 (server 0.1.0)
Server                        tunnels.example.com:443 (node-1)
Latency                       23ms
Carriers                      2 (#1 23ms, #4 -)
Forwarding                    tcp://tunnels.example.com:20001 -> localhost:5432
                              waiting -> localhost:6379
                              port 20022 is taken -> localhost:22

Connections                   ttl     opn     rt1     rt5     p50     p90
                              12      3       0.25    0.10    0.03    12.50

12:00:01 the server will restart`,
  )
})

t.test('golden: before the first connection', async (t) => {
  const model: ScreenModel = {
    ...online,
    status: 'reconnecting',
    statusDetail: 'connection refused, next try in 1 s',
    serverVersion: null,
    node: null,
    latencyMs: null,
    carriers: [],
    forwardings: [],
    messages: [],
  }
  t.equal(
    render(model, { columns: 60, rows: 40, color: false }).join('\n'),
    `uniroute                                    (Ctrl+C to quit)

Session Status                reconnecting (connection refu…
Version                       0.1.0
Server                        tunnels.example.com:443
Latency                       -
Carriers                      0

Connections                   ttl     opn     rt1     rt5  …
                              12      3       0.25    0.10 …`,
  )
})

t.test('a long message is wrapped: its end says what to do', async (t) => {
  const text = 'could not connect to the upstream localhost:5432. Start the service, or correct the upstream'
  const model: ScreenModel = { ...online, messages: [{ level: 'warning', time: '12:00:01', text }] }
  t.same(render(model, { columns: 60, rows: 40, color: false }).slice(-2), [
    '12:00:01 could not connect to the upstream localhost:5432.',
    '         Start the service, or correct the upstream',
  ])
})

t.test('no size makes a line too wide or a screen too high', async (t) => {
  for (const columns of [0, 1, 2, 10, 37, 80, 200]) {
    for (const rows of [0, 1, 5, 12, 50]) {
      const lines = render(online, { columns, rows, color: false })
      t.ok(lines.length <= rows, `${columns}x${rows}: ${lines.length} lines`)
      t.ok(
        lines.every((line) => line.length <= columns),
        `${columns}x${rows}: width`,
      )
    }
  }
})

t.test('colour only where it is wanted, and it does not change the text', async (t) => {
  const plain = render(online, { columns: 80, rows: 40, color: false }).join('\n')
  const coloured = render(online, { columns: 80, rows: 40, color: true }).join('\n')
  t.notMatch(plain, '\u001b')
  t.match(coloured, '\u001b[32monline\u001b[0m')
  t.equal(coloured.replace(/\u001b\[[\d;]*m/g, ''), plain)
})

t.test('escape sequences in remote strings do nothing', async (t) => {
  const evil = '\u001b]0;owned\u0007\u001b[2J\r\n\u009b31m\u202e'
  const lines = render(
    {
      ...online,
      statusDetail: evil,
      serverVersion: evil,
      node: evil,
      server: evil,
      forwardings: [{ publicUrl: evil, upstream: evil, problem: null }],
      messages: [{ level: 'error', time: '12:00:01', text: evil }],
    },
    { columns: 200, rows: 40, color: false },
  )
  t.notMatch(lines.join(''), /[\u0000-\u001f\u007f-\u009f\u202e]/)
  t.match(lines.join('\n'), '\\u001b[2J')
})
