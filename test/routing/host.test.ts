import t from 'tap'
import { normaliseHost, normalisePattern } from '../../src/routing/index.js'

t.test('host names have one spelling', async (t) => {
  t.equal(normaliseHost('Shop.Example.COM'), 'shop.example.com')
  t.equal(normaliseHost('shop.example.com.'), 'shop.example.com')
  t.equal(normaliseHost('bücher.example'), 'xn--bcher-kva.example')
  t.equal(normaliseHost('XN--BCHER-KVA.example'), 'xn--bcher-kva.example')
  t.equal(normaliseHost('BÜCHER。example'), 'xn--bcher-kva.example')
  t.equal(normaliseHost('_acme-challenge.example.com'), '_acme-challenge.example.com')
  t.equal(normaliseHost('localhost'), 'localhost')
})

t.test('what is no host name has none', async (t) => {
  const wrong = [
    '',
    '.',
    '..',
    'a..b',
    '-a.example',
    'a-.example',
    'a b.example',
    'a/b',
    'user@host',
    'host:80',
    '[::1]',
  ]
  wrong.push('%61.example', `${'a'.repeat(64)}.example`, `${'abcdefg.'.repeat(32)}example`, 'a\0b', '*.example.com')
  for (const name of wrong) t.equal(normaliseHost(name), null, JSON.stringify(name))
})

t.test('patterns', async (t) => {
  t.equal(normalisePattern('*.Example.COM.'), '*.example.com')
  t.equal(normalisePattern('db.Example.com'), 'db.example.com')
  for (const wrong of ['*', '*.', '*.*.example.com', 'a*.example.com', 'a.*.com'])
    t.equal(normalisePattern(wrong), null)
})
