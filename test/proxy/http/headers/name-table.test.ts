import t from 'tap'
import { NameTable } from '../../../../src/proxy/http/headers/name-table.js'

const table = new NameTable(
  [
    ['host', 1],
    ['x-id', 2],
    ['x-id', 3],
    ['x-own-*', 4],
    ['x-own-two', 5],
    ['long-'.repeat(20), 6],
  ],
  9,
)

t.test('names are found in any case, others are not', async (t) => {
  t.equal(table.of('Host'), 1)
  t.equal(table.of('HOST'), 1)
  t.equal(table.of('hosts'), 0)
  t.equal(table.of('hops'), 0, 'the same length and first letter')
  t.equal(table.of(''), 0)
  t.equal(table.of('x-id'), 3, 'the last word wins')
  t.equal(table.of('Long-'.repeat(20)), 6)
  t.equal(table.of('long-'.repeat(21)), 0)
})

t.test('beginnings stand for all names', async (t) => {
  t.equal(table.of('X-Own-'), 4)
  t.equal(table.of(`x-own-${'a'.repeat(200)}`), 4)
  t.equal(table.of('x-own-two'), 5)
  t.equal(table.of('x-owner'), 0)
})

t.test('underscores make another spelling', async (t) => {
  t.equal(table.of('X_Id'), 9)
  t.equal(table.of('x_own-three'), 9)
  t.equal(table.of('x_other'), 0)
})
