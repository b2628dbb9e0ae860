import t from 'tap'
import { EventEmitter } from 'node:events'
import { StatusScreen } from '../../../src/cli/screen/screen.js'
import type { ScreenModel } from '../../../src/cli/screen/render.js'

class FakeTerminal extends EventEmitter {
  columns = 80
  rows = 24
  writableNeedDrain = false
  written: string[] = []
  write(text: string): void {
    this.written.push(text)
    this.emit('written')
  }
}

function model(status: ScreenModel['status'] = 'online'): ScreenModel {
  return {
    status,
    statusDetail: null,
    version: '0',
    serverVersion: null,
    server: 'localhost:1',
    node: null,
    latencyMs: null,
    carriers: [{ number: 1, rttMs: 1 }],
    forwardings: [],
    traffic: { total: 0, open: 0, rate1: 0, rate5: 0, rate15: 0, p50: 0, p90: 0, p95: 0, p99: 0 },
    inspector: null,
    requests: null,
    messages: [],
  }
}

t.test('draws in place, hides the cursor and gives it back', async (t) => {
  const terminal = new FakeTerminal()
  const screen = new StatusScreen(terminal, { color: false, model })
  t.match(terminal.written[0], '\u001b[?25l')
  t.match(terminal.written[0], 'online')
  screen.stop()
  screen.stop()
  const lines = terminal.written[0]?.split('\n').length ?? 0
  t.match(terminal.written[1], `\u001b[${lines - 1}A`, 'goes back over what it drew')
  t.equal(terminal.written.at(-1), '\u001b[?25h')
  t.equal(terminal.written.length, 3, 'the second stop does nothing')
  t.equal(terminal.listenerCount('resize'), 0)
})

t.test('many changes make one redraw, which shows the newest state', async (t) => {
  const terminal = new FakeTerminal()
  let status: ScreenModel['status'] = 'connecting'
  const screen = new StatusScreen(terminal, { color: false, model: () => model(status) })
  t.teardown(() => screen.stop())
  for (let change = 0; change < 100; change++) screen.refresh()
  status = 'reconnecting'
  const began = performance.now()
  await new Promise((resolve) => terminal.once('written', resolve))
  t.ok(performance.now() - began > 90, 'not before a tenth of a second')
  t.equal(terminal.written.length, 2)
  t.match(terminal.written[1], 'reconnecting')
})

t.test('a resize clears and draws anew at once', async (t) => {
  const terminal = new FakeTerminal()
  const screen = new StatusScreen(terminal, { color: false, model })
  t.teardown(() => screen.stop())
  terminal.columns = 20
  terminal.emit('resize')
  t.ok(terminal.written[1]?.startsWith('\u001b[2J\u001b[H'))
  t.notMatch(terminal.written[1], /\u001b\[\d+A/)
})

t.test('a terminal that does not take its output is skipped', async (t) => {
  const terminal = new FakeTerminal()
  const screen = new StatusScreen(terminal, { color: false, model })
  terminal.writableNeedDrain = true
  t.teardown(() => screen.stop())
  screen.refresh()
  await new Promise((resolve) => setTimeout(resolve, 250))
  t.equal(terminal.written.length, 1)
  terminal.writableNeedDrain = false
  await new Promise((resolve) => terminal.once('written', resolve))
  t.equal(terminal.written.length, 2, 'the next tick draws again')
})
