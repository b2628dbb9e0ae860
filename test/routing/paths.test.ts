import t from 'tap'
import { normalisePrefix, PathTable } from '../../src/routing/index.js'

t.test('one spelling of a prefix', async (t) => {
  t.equal(normalisePrefix(''), '/')
  t.equal(normalisePrefix('/'), '/')
  t.equal(normalisePrefix('/api/'), '/api')
  t.equal(normalisePrefix('/a/b%20c'), '/a/b%20c')
  for (const bad of ['api', '/a/../b', '/a/./b', '/a//b', '/a?b', '/a b', '/ä'])
    t.equal(normalisePrefix(bad), null, bad)
})

t.test('the longest prefix of whole segments wins', async (t) => {
  const table = new PathTable<string>()
  t.equal(table.find('/'), undefined)
  for (const prefix of ['/api', '/', '/api/v2']) table.set(prefix, prefix)
  for (const [path, prefix] of [
    ['/', '/'],
    ['*', '/'],
    ['/api', '/api'],
    ['/api?q', '/api'],
    ['/api/v2/x', '/api/v2'],
    ['/apis', '/'],
    ['/API', '/'],
  ] as const) {
    t.equal(table.find(path), prefix, path)
  }
  table.delete('/')
  t.equal(table.find('/apis'), undefined)
  t.same([table.size, table.get('/api'), table.targets()], [2, '/api', ['/api/v2', '/api']])
})
