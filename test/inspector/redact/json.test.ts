import t from 'tap'
import fc from 'fast-check'
import { parseJsonPath } from '../../../src/core/json-path.js'
import { redactJson } from '../../../src/inspector/redact/json.js'

const paths = (...texts: string[]) => texts.map((text) => parseJsonPath(text)!)

t.test('values whose name is one of a secret are replaced, and nothing else is touched', async (t) => {
  const rows: readonly [before: string, after: string][] = [
    ['{"password":"x","b":"y"}', '{"password":"[redacted]","b":"y"}'],
    ['{ "accessToken" : "x" ,\n "n": 1.50 }', '{ "accessToken" : "[redacted]" ,\n "n": 1.50 }'],
    ['{"password":12345,"token":null,"secret":true}', '{"password":"[redacted]","token":null,"secret":true}'],
    ['{"secret":["a","b",1],"c":"d"}', '{"secret":["[redacted]","[redacted]","[redacted]"],"c":"d"}'],
    ['{"token":{"type":"x","value":"y"}}', '{"token":{"type":"x","value":"y"}}'],
    ['{"a":{"b":[{"api_key":"x"}]}}', '{"a":{"b":[{"api_key":"[redacted]"}]}}'],
    ['{"pass\\u0077ord":"x"}', '{"pass\\u0077ord":"[redacted]"}'],
    ['{"password":"a\\"b","c":1}', '{"password":"[redacted]","c":1}'],
    ['{"password":"a\\\\","c":1}', '{"password":"[redacted]","c":1}'],
    ['{"password":"x"}\n{"password":"y"}', '{"password":"[redacted]"}\n{"password":"[redacted]"}'],
    ['{"password":"cut o', '{"password":"[redacted]"'],
    ['data: {"password":"x"}\n\n', 'data: {"password":"[redacted]"}\n\n'],
    ['{"max_tokens":5,"tokens":7,"next_page_token":"x"}', '{"max_tokens":5,"tokens":7,"next_page_token":"x"}'],
    ['{"a":"{\\"password\\":\\"x\\"}","b":"{\\"c\\":1}"}', '{"a":"[redacted]","b":"{\\"c\\":1}"}'],
    [JSON.stringify([JSON.stringify([JSON.stringify({ token: 'x' })])]), '["[redacted]"]'],
    ['42["login",{"password":"x"}]', '42["login",{"password":"[redacted]"}]'],
    ['"password"', '"password"'],
    ['["password","x"]', '["password","x"]'],
  ]
  for (const [before, after] of rows) t.equal(redactJson(before, []), after)
})

t.test('values to which a path leads are replaced', async (t) => {
  const text = '{"user":{"card":{"number":"4","cvv2":"1"},"ids":[1,{"pin":2}]},"pin":[3,{"x":4}]}'
  const rows: readonly [path: string, after: string][] = [
    ['$.user.card.number', text.replace('"number":"4"', '"number":"[redacted]"')],
    ['user.card', text.replace('{"number":"4","cvv2":"1"}', '"[redacted]"')],
    ["$.user['ids'][0]", text.replace('"ids":[1', '"ids":["[redacted]"')],
    ['$.user.ids[*].pin', text.replace('"pin":2', '"pin":"[redacted]"')],
    ['$..pin', text.replace('"pin":2', '"pin":"[redacted]"').replace('[3,{"x":4}]', '"[redacted]"')],
    ['$.*.ids', text.replace('[1,{"pin":2}]', '"[redacted]"')],
    ['$.pin[1].x', text.replace('"x":4', '"x":"[redacted]"')],
    ['$.nothing', text],
  ]
  for (const [path, after] of rows) {
    const named = after.replace('"cvv2":"1"', '"cvv2":"[redacted]"')
    t.equal(redactJson(text, paths(path)), named, path)
  }
  t.equal(redactJson('{"a":true,"b":null}', paths('$.a', '$.b')), '{"a":"[redacted]","b":"[redacted]"}')
  t.equal(redactJson('{"a":{"b":"cut', paths('a')), '{"a":"[redacted]"')
})

t.test('what is no path is told', async (t) => {
  for (const text of ['', '$', '$..', 'a[', 'a b', '$.a[x]', '[?(@.a)]']) t.equal(parseJsonPath(text), null, text)
})

t.test('JSON stays JSON', async (t) => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), fc.constantFrom('$..a', '$[*]', '$.*.*'), (text, path) => {
      JSON.parse(redactJson(text, paths(path)))
    }),
    { numRuns: 1_000 },
  )
  const deep = '['.repeat(1_000) + ']'.repeat(1_000)
  t.equal(redactJson(deep, []), `${'['.repeat(200)}"[redacted]"${']'.repeat(200)}`)
})
