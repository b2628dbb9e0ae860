import t from 'tap'
import { ExchangeList } from '../../src/ui/live/exchange-list.js'
import { isLocal, matches } from '../../src/ui/live/matches.js'
import { parseFilter } from '../../src/ui/text/filter-text.js'
import { fakeExchange } from '../support/inspector-fixtures.js'

const row = (number: number, status = 200) => fakeExchange(number, { status }).summary

t.test('the list keeps the order of ids, whatever the order of coming', async (t) => {
  const list = new ExchangeList(100)
  const ids = () => list.rows.map(({ id }) => parseInt(id, 16))
  for (const number of [5, 9, 7, 1, 9]) list.put(row(number))
  t.same(ids(), [1, 5, 7, 9])
  list.put(row(7, 404))
  t.equal(list.rows[2]?.status, 404)
  t.ok(list.update(row(5, 500)))
  t.notOk(list.update(row(6)))
  list.remove(row(5).id)
  list.remove(row(5).id)
  t.same(ids(), [1, 7, 9])
  t.equal(list.find(row(9).id), 2)
  t.equal(list.find(row(8).id), -1)
})

t.test('the oldest make room, and each row keeps its number', async (t) => {
  const list = new ExchangeList(1000)
  for (let number = 1; number <= 5000; number++) list.put(row(number))
  t.ok(list.full)
  t.ok(list.rows.length <= 1500)
  const at = list.find(row(4900).id)
  const number = list.first + at
  for (let number = 5001; number <= 5700; number++) list.put(row(number))
  t.equal(list.first + list.find(row(4900).id), number)
  const { generation } = list
  list.clear()
  t.equal(list.rows.length, 0)
  t.not(list.generation, generation)
})

t.test('older ones put before leave the numbers as they are', async (t) => {
  const list = new ExchangeList(1000)
  list.put(row(50))
  const number = list.first
  for (const older of [40, 30, 20]) list.put(row(older))
  t.equal(list.first + list.find(row(50).id), number)
})

t.test('a summary is matched as the agent would', async (t) => {
  const { summary } = fakeExchange(1, {
    method: 'POST',
    target: '/Api/orders?x',
    status: 404,
    tunnel: 'shop',
    timing: { sendingMs: 0, waitingMs: 120, receivingMs: 0 },
    response: { bytes: 5000 },
  })
  const open = fakeExchange(2, { status: null, state: 'open', timing: { waitingMs: null } }).summary
  const fits = (text: string, of = summary) => matches(parseFilter(text), of)
  for (const text of [
    '',
    'method:post',
    'path:/api/ORD',
    'status:4xx',
    'status:404',
    'status:400-499',
    'kind:http',
    'tunnel:shop',
    'time:>119',
    'time:<120',
    'size:5k',
    'size:<5000',
  ]) {
    t.ok(fits(text), text)
  }
  for (const text of [
    'method:GET',
    'path:/api/x',
    'status:5xx',
    'status:405',
    'status:500-599',
    'status:none',
    'kind:grpc',
    'tunnel:sho',
    'time:>121',
    'time:<119',
    'size:>5001',
    'size:<4999',
  ]) {
    t.notOk(fits(text), text)
  }
  t.ok(fits('status:none', open))
  t.notOk(fits('status:2xx', open))
  t.notOk(fits('time:<1000', open))
  t.same(
    ['word', 'header:a', 'body:b', 'status:4xx path:/'].map((text) => isLocal(parseFilter(text))),
    [false, false, false, true],
  )
})
