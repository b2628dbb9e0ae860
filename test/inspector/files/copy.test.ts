import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { COPY_FORMS, copyOf } from '../../../src/inspector/files/copy.js'
import { recordingOf } from '../../../src/inspector/files/recording.js'
import { shellQuote, shellQuoteBytes } from '../../../src/inspector/files/shell-quote.js'
import { upstream } from '../../support/http-upstream.js'
import { program } from '../../support/places.js'
import { exchange } from '../support.js'
import { message } from '../messages.js'

const run = promisify(execFile)

interface Got {
  method: string
  url: string
  headers: string[]
  body: Buffer
}

/** What a real server gets. */
async function receiver(t: Test) {
  const got: Got[] = []
  const { port } = await upstream(t, (request, response) => {
    const body: Buffer[] = []
    request.on('data', (chunk: Buffer) => body.push(chunk))
    request.on('end', () => {
      got.push({
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.rawHeaders,
        body: Buffer.concat(body),
      })
      response.end('ok')
    })
  })
  return { port, got }
}

const NASTY = [`it's`, '$(touch x)', '`id`', '"', '\\', '\\n', '!!', '*', ';', '@file', '=x', '</script>'].join(' ')
const BODIES = [
  Buffer.from(`{"a":"${NASTY}"}\r\n\u001b[2J\u202e é`),
  Buffer.from('@/etc/passwd'),
  Buffer.from(Array.from({ length: 1_000 }, (_, i) => i % 256)),
  Buffer.from('a\0b'),
]

t.test('curl and fetch send what was captured, whatever is in it', async (t) => {
  const { port, got } = await receiver(t)
  const bash = await program('bash', 'bash')
  for (const [i, body] of BODIES.entries()) {
    const binary = i === 2
    const flat = ['Content-Type', binary ? 'image/png' : 'text/plain; charset=utf-8', 'X-Nasty', NASTY]
    const copied = recordingOf(
      exchange('0194f1b2c3400001', {
        method: i === 1 ? 'PATCH' : 'POST',
        target: "/a/../b'{x,y}[1-2]?q=$HOME&r='",
        host: `127.0.0.1:${port}`,
        request: message(
          [
            ...flat,
            'X-Two',
            '1',
            'X-Two',
            '2',
            'X-Empty',
            '',
            'X-Latin',
            'é',
            'Connection',
            'close',
            'Authorization',
            'x',
          ],
          body,
        ),
      }),
    )
    await run(bash, ['-c', copyOf(copied, 'curl').replace('curl ', 'curl -sS --noproxy "*" ')])
    const { method, url, headers, body: received } = got.pop()!
    t.same([method, url], [copied.method, copied.target], 'curl')
    t.same(received, body)
    const values = (name: string) => headers.filter((_, at) => headers[at - 1] === name)
    t.same(values('X-Nasty'), [NASTY])
    t.same(values('X-Two'), ['1', '2'])
    t.same([values('X-Empty'), values('X-Latin'), values('Authorization')], [[''], ['é'], ['[redacted]']])
    t.same([values('User-Agent'), values('Accept')], [[], []], 'nothing is added')

    const code = copyOf({ ...copied, target: '/b?q=$HOME' }, 'fetch')
    t.notMatch(code, /[<\u001b\u202e]/)
    await run(process.execPath, ['--input-type=module', '-e', code])
    const fetched = got.pop()!
    t.same([fetched.method, fetched.url], [copied.method, '/b?q=$HOME'], 'fetch')
    t.same(fetched.body, body)
    t.match(fetched.headers.join('\n'), NASTY)
  }
})

t.test('requests without a body; those that look otherwise', async (t) => {
  const { port, got } = await receiver(t)
  const bash = await program('bash', 'bash')
  const cases: [string, string][] = [
    ['GET', '/'],
    ['HEAD', '/x'],
    ['DELETE', '/x?a[]=1'],
    ['OPTIONS', '*'],
  ]
  for (const [method, target] of cases) {
    const copied = recordingOf(exchange('0194f1b2c3400001', { method, target, host: `127.0.0.1:${port}` }))
    await run(bash, ['-c', copyOf(copied, 'curl').replace('curl ', 'curl -sS --noproxy "*" ')])
    t.match(got.pop(), { method, url: target })
  }
})

t.test('httpie gets its words as it reads them', async (t) => {
  const flat = ['X-A', '=1', 'X-B', '@file', 'X-C', 'a\\:b', 'X-D', '', 'Cookie', "a='b'"]
  const of = (body: string | Buffer) =>
    recordingOf(exchange('0194f1b2c3400001', { method: 'PUT', target: "/'", request: message(flat, body) }))
  t.equal(
    copyOf(of("it's"), 'httpie'),
    String.raw`http PUT 'http://shop.example.com/'\''' 'X-A: =1' 'X-B: @file' 'X-C: a\\:b' 'X-D;' 'Cookie: a='\''b'\''' --ignore-stdin --raw 'it'\''s'`,
  )
  t.match(copyOf(of(Buffer.from([0, 255])), 'httpie'), /^base64 -d <<'END' \| http PUT [^\n]*'\nAP8=\nEND$/)
})

t.test('any word comes through a shell as it is, and moves no cursor', async (t) => {
  const bash = await program('bash', 'bash')
  const words = fc.sample(fc.string({ unit: 'binary', maxLength: 30 }), 200).map((word) => word.replaceAll('\0', ''))
  const quoted = [...words, '', '\n', '\u001b7', "'''", '\\', '\u0001' + '7'].map(shellQuote)
  t.notMatch(quoted.join(''), /[\u0000-\u001f\u007f-\u009f\u202e]/)
  const { stdout } = await run(bash, ['-c', `printf '%s\\0' ${quoted.join(' ')}`], { env: { LC_ALL: 'C' } })
  t.same(
    stdout.split('\0').slice(0, words.length),
    words.map((word) => Buffer.from(word).toString()),
  )
  const { stdout: bytes } = await run(bash, ['-c', `printf %s ${shellQuoteBytes("\u00e9'7")}`], { encoding: 'buffer' })
  t.same(bytes, Buffer.from("\u00e9'7", 'latin1'))
  t.throws(() => shellQuote('\0'), RangeError)
})

t.test('every form, for every field: nothing ends a script', async (t) => {
  const evil = '</script><img src=x onerror=alert(1)>'
  const copied = recordingOf(
    exchange('0194f1b2c3400001', { target: `/${evil}`, host: evil, request: message(['X', evil], evil) }),
  )
  for (const form of COPY_FORMS) t.type(copyOf(copied, form), 'string')
  t.notMatch(copyOf(copied, 'fetch'), /</)
})
