import { domainToASCII } from 'node:url'
import t from 'tap'
import { unicodeName } from '../../src/names/unicode-name.js'

t.test('names in one script, or in scripts that are written together, are read', async (t) => {
  const names = [
    'shop',
    'mañana',
    'grüße',
    'παράδειγμα',
    'пример-1',
    '日本語',
    'ソニーps5',
    '한국abc',
    'कंपनी',
    'ابجد',
    'faß',
  ]
  for (const name of names) t.equal(unicodeName(`${domainToASCII(name)}.example.org`), `${name}.example.org`)
})

t.test('labels that mix scripts, or are in one that nobody writes, are refused', async (t) => {
  const names = ['pаypal', 'shоp', 'αpple', 'яha', 'кофеcafe', 'бb', '𐌰𐌱𐌲', 'a한б', 'ひらкана']
  for (const name of names) {
    const host = `www.${domainToASCII(name)}.example.org`
    t.match(host, /\.xn--/, name)
    t.throws(() => unicodeName(host), { code: 'UR_NAME_MIXED', message: name }, name)
  }
})

t.test('labels that are no punycode are refused', async (t) => {
  for (const label of ['xn--a', 'xn--zzzzzzzz', 'xn--shop-', 'xn--0']) {
    t.throws(() => unicodeName(`${label}.example.org`), { code: 'UR_NAME_INVALID', message: label }, label)
  }
})
