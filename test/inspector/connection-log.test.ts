import t from 'tap'
import { ConnectionLog, type LoggedConnection } from '../../src/inspector/connection-log.js'

function connection(id: string): LoggedConnection {
  return {
    id,
    tunnel: 'db',
    visitor: '198.51.100.7',
    startedAt: 1,
    bytesIn: 0,
    bytesOut: 0,
    durationMs: null,
    problem: null,
  }
}

t.test('the last thousand connections are kept', async (t) => {
  const log = new ConnectionLog()
  const told: string[] = []
  log.on('connection', ({ id, durationMs }) => told.push(`${id} ${durationMs}`))
  log.on('cleared', () => told.push('cleared'))
  for (let i = 0; i < 1_001; i++) log.began(connection(`c${i}`))
  t.equal(log.size, 1_000)
  t.equal(log.get('c0'), undefined)
  t.same(
    log
      .newestFirst()
      .slice(0, 2)
      .map(({ id }) => id),
    ['c1000', 'c999'],
  )
  log.ended('c1000', { bytesIn: 1, bytesOut: 2, durationMs: 3, problem: 'reset' })
  t.match(log.get('c1000'), { bytesIn: 1, bytesOut: 2, durationMs: 3, problem: 'reset', tunnel: 'db' })
  log.ended('c0', { bytesIn: 1, bytesOut: 2, durationMs: 3, problem: null })
  log.clear()
  t.same(told.slice(-3), ['c1000 null', 'c1000 3', 'cleared'])
  t.equal(log.size, 0)
})
