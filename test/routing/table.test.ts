import t from 'tap'
import { RouteTable } from '../../src/routing/index.js'

t.test('exact names go before wildcards, which stand for one label', async (t) => {
  const table = new RouteTable<string>()
  table.setHost('*.Example.com', 'wild')
  table.setHost('db.example.com', 'exact')
  t.equal(table.findHost('DB.example.com.'), 'exact')
  t.equal(table.findHost('web.example.com'), 'wild')
  t.equal(table.findHost('a.b.example.com'), undefined)
  t.equal(table.findHost('example.com'), undefined)
  t.equal(table.findHost('localhost'), undefined)
  t.equal(table.findHost('not a name'), undefined)
  t.equal(table.hostOwner('*.EXAMPLE.com'), 'wild')
  t.equal(table.hostOwner('web.example.com'), undefined)
})

t.test('a name is freed only by who holds it', async (t) => {
  const table = new RouteTable<string>()
  table.setHost('db.example.com', 'old')
  table.setHost('db.example.com', 'new')
  table.deleteHost('db.example.com', 'old')
  t.equal(table.findHost('db.example.com'), 'new')
  table.deleteHost('DB.example.com.', 'new')
  t.equal(table.findHost('db.example.com'), undefined)
  t.throws(() => table.setHost('a..b', 'x'), RangeError)
})

t.test('ports', async (t) => {
  const table = new RouteTable<string>()
  table.setPort(20000, 'a')
  t.equal(table.findPort(20000), 'a')
  table.deletePort(20000, 'b')
  t.equal(table.findPort(20000), 'a')
  table.deletePort(20000, 'a')
  t.equal(table.findPort(20000), undefined)
})
