import t from 'tap'
import { illegalField } from '../../../../src/proxy/http/headers/index.js'

t.test('fields that would end a line elsewhere are found', async (t) => {
  for (const character of ['\r', '\n', '\0', '\r\nX-Injected: 1', '\u010a', '\x7f', '\x01']) {
    t.equal(illegalField(['a', 'b', 'x-bad', `1${character}2`]), 'x-bad', JSON.stringify(character))
    t.equal(illegalField([`x${character}y`, '1']), `x${character}y`, JSON.stringify(character))
    t.equal(illegalField([':path', `/a${character}`]), ':path', JSON.stringify(character))
  }
  t.equal(illegalField([':path', '/ HTTP/1.1']), ':path')
  t.equal(illegalField(['', 'x']), '')
  t.equal(illegalField(['a b', 'x']), 'a b')
})

t.test('others are left alone', async (t) => {
  t.equal(illegalField([]), null)
  t.equal(illegalField([':method', 'GET', ':path', '/a?b=c', 'accept', '*/*', 'x-name', 'caf\u00e9 \t ok']), null)
})
