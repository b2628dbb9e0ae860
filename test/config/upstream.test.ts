import t from 'tap'
import fc from 'fast-check'
import { formatUpstream, parseUpstream, readUpstream, type Upstream } from '../../src/config/upstream.js'

const good: Record<string, Upstream> = {
  '5432': { kind: 'tcp', host: 'localhost', port: 5432 },
  ':5432': { kind: 'tcp', host: 'localhost', port: 5432 },
  'db:5432': { kind: 'tcp', host: 'db', port: 5432 },
  '10.0.0.7:1': { kind: 'tcp', host: '10.0.0.7', port: 1 },
  '[::1]:65535': { kind: 'tcp', host: '::1', port: 65535 },
  '[fe80::1%eth0]:22': { kind: 'tcp', host: 'fe80::1%eth0', port: 22 },
  'tcp://db:5432': { kind: 'tcp', host: 'db', port: 5432 },
  'tls://db:5432': { kind: 'tls', host: 'db', port: 5432 },
  'tls://db': { kind: 'tls', host: 'db', port: 443 },
  'https://web.internal/': { kind: 'tls', host: 'web.internal', port: 443 },
  'https://3000': { kind: 'tls', host: 'localhost', port: 3000 },
  'HTTP://web': { kind: 'tcp', host: 'web', port: 80 },
  'unix:/run/db.sock': { kind: 'unix', path: '/run/db.sock' },
  'unix:///run/db.sock': { kind: 'unix', path: '/run/db.sock' },
}

t.test('what is understood', async (t) => {
  for (const [text, upstream] of Object.entries(good)) t.strictSame(readUpstream(text), upstream, text)
})

t.test('what is refused, with the reason', async (t) => {
  const bad: Record<string, RegExp> = {
    '': /HOST:PORT/,
    '0': /not a port/,
    '65536': /not a port/,
    '00000000080': /not a port/,
    db: /port is missing/,
    'tcp://db': /port is missing/,
    'db:': /HOST:PORT/,
    'db:x': /HOST:PORT/,
    '::1:5432': /brackets/,
    '[::1': /brackets/,
    '-1': /port is missing/,
    'user@db:5432': /only a host/,
    'http://web/path': /only a host/,
    'db :5432': /only a host/,
    'ftp://db:21': /scheme ftp/,
    'constructor://db:21': /scheme/,
    'unix:relative': /absolute/,
    'unix:': /absolute/,
    'unix:/': /absolute/,
  }
  for (const [text, why] of Object.entries(bad)) {
    t.throws(() => readUpstream(text), { code: 'UR_UPSTREAM_SYNTAX', message: why }, `"${text}"`)
  }
})

t.test('from a file it may be a number, and what is none is undefined', async (t) => {
  t.match(parseUpstream(5432), { port: 5432 })
  t.equal(parseUpstream('db'), undefined)
})

t.test('any text gives an upstream that survives formatting, or the one error', async (t) => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.constantFrom(...Object.keys(good)), fc.webUrl()), (text) => {
      let upstream: Upstream
      try {
        upstream = readUpstream(text)
      } catch (error) {
        return (error as { code?: string }).code === 'UR_UPSTREAM_SYNTAX'
      }
      return JSON.stringify(readUpstream(formatUpstream(upstream))) === JSON.stringify(upstream)
    }),
    { numRuns: 5_000 },
  )
})
