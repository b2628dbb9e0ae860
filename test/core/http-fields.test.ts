import t from 'tap'
import {
  decimal,
  HOP_BY_HOP,
  isField,
  isFieldName,
  isFieldValue,
  listField,
  singleField,
} from '../../src/core/http-fields.js'

t.test('a name is a token', async (t) => {
  for (const name of ['Host', 'x-shop', "!#$%&'*+-.^_`|~09", 'A']) t.ok(isFieldName(name), name)
  for (const name of ['', 'a b', 'a:b', ':path', 'a\r\nb', 'a\0', 'ä', 'a(b)', 'a"', 'a/b', 'a\t', 'Ł'])
    t.notOk(isFieldName(name), JSON.stringify(name))
})

t.test('a value has no control characters, and one byte for each of its own', async (t) => {
  for (const value of ['', 'text', 'a\tb', 'caf\u00e9', '~', ' padded '])
    t.ok(isFieldValue(value), JSON.stringify(value))
  const control = Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)).filter(
    (character) => character !== '\t',
  )
  for (const character of [...control, '\x7f', '\u0100', '\u2028', '\ud83d\ude00'])
    t.notOk(isFieldValue(`a${character}b`), `U+${character.codePointAt(0)!.toString(16)}`)
})

t.test('names are compared without case', async (t) => {
  t.ok(isField('Content-Type', 'content-type'))
  t.ok(isField('content-type', 'content-type'))
  t.notOk(isField('Content-Typ', 'content-type'))
  t.notOk(isField('content^type', 'content~type'))
  t.notOk(isField('content\rtype', 'content-type'))
  t.notOk(isField('x-\u212a', 'x-k'), 'the sign of Kelvin is no K')
  t.ok(isField('A-Z', 'a-z'))
  t.notOk(isField('@-Z', 'a-z'))
})

t.test('a field that may come once', async (t) => {
  const fields = ['Host', 'a', 'X-Two', '1', 'x-two', '2', 'Last', 'z']
  t.equal(singleField(fields, 'host'), 'a')
  t.equal(singleField(fields, 'last'), 'z')
  t.equal(singleField(fields, 'x-two'), null)
  t.equal(singleField(fields, 'a'), undefined, 'a value is no name')
})

t.test('a field that is a list', async (t) => {
  const fields = ['Via', '1.1 a', 'Host', 'h', 'VIA', '1.1 b, 2 c']
  t.equal(listField(fields, 'via'), '1.1 a, 1.1 b, 2 c')
  t.equal(listField(fields, 'host'), 'h')
  t.equal(listField(fields, 'x'), undefined)
})

t.test('the fields of a connection are known by their names in lower case', async (t) => {
  for (const name of ['connection', 'te', 'transfer-encoding', 'upgrade', 'keep-alive', 'proxy-authorization'])
    t.ok(HOP_BY_HOP.has(name), name)
  for (const name of ['host', 'trailer', 'content-length']) t.notOk(HOP_BY_HOP.has(name), name)
})

t.test('a number of up to 15 digits', async (t) => {
  for (const text of ['0', '7', '007', '1024', '999999999999999']) t.equal(decimal(text), Number(text))
  for (const text of ['', '-1', '+1', '1 ', ' 1', '1.0', '1e3', '0x10', '1, 1', '\u0661', '/', ':', '1000000000000000'])
    t.equal(decimal(text), null, JSON.stringify(text))
})
