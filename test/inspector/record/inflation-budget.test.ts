import { gzipSync } from 'node:zlib'
import t from 'tap'
import { Http1Reader } from '../../../src/inspector/http1/reader.js'
import { InflationBudget } from '../../../src/inspector/record/inflation-budget.js'
import { play, type Step } from '../support.js'

const MIB = 1024 * 1024

t.test('a budget is used up, and comes back with time', async (t) => {
  const budget = new InflationBudget()
  t.equal(budget.at(1_000), 32 * MIB)
  budget.spend(40 * MIB)
  t.equal(budget.at(1_000), 0)
  t.equal(budget.at(900), 0, 'time does not go back')
  t.equal(budget.at(1_500), 0)
  t.equal(budget.at(2_000), 32 * MIB - 40 * MIB + 1_000 * 16 * 1024)
  t.equal(budget.at(60_000), 32 * MIB)
  budget.spend(-5)
  t.equal(budget.at(60_000), 32 * MIB, 'what becomes smaller brings nothing in')
})

t.test('of many bodies that become large the later ones are not kept, and those that do not are', async (t) => {
  const large = gzipSync(Buffer.alloc(7 * MIB, 'large '))
  const steps: Step[] = []
  const add = (body: Buffer, coding: string): void => {
    steps.push(['>', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'])
    const head = `HTTP/1.1 200 OK\r\nContent-Encoding: ${coding}\r\nContent-Length: ${body.length}\r\n\r\n`
    steps.push(['<', Buffer.concat([Buffer.from(head), body])])
  }
  for (let i = 0; i < 6; i++) add(large, 'gzip')
  add(Buffer.from('plain'), 'identity')
  const context = { inflation: new InflationBudget() }
  const { exchanges } = play((sink) => new Http1Reader(sink), steps, { context })
  const kept = exchanges.map(({ response }) => response!.body.length > 0)
  t.same(kept, [true, true, true, true, false, false, true])
  t.match(exchanges[5]!.response!.problem, /too much was to be decompressed at once/)
})
