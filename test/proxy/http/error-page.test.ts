import { createHash } from 'node:crypto'
import t from 'tap'
import { ERROR_CODES } from '../../../src/core/error-codes.js'
import { errorPage } from '../../../src/proxy/http/error-page.js'
import { problemOf, PROBLEMS, type Problem } from '../../../src/proxy/http/problems.js'

const HTML = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
const REFUSED = problemOf('UR_UPSTREAM_REFUSED', 'id-1')

t.test('a browser gets a page with status, reason, what to do, and the ids to quote', async (t) => {
  const { headers, body } = errorPage(REFUSED, HTML)
  const page = body.toString()
  t.equal(headers['content-type'], 'text/html; charset=utf-8')
  t.equal(headers['content-length'], String(body.length))
  t.equal(headers['cache-control'], 'no-store')
  t.equal(headers['x-request-id'], 'id-1')
  t.equal(headers['x-uniroute-error'], 'UR_UPSTREAM_REFUSED')
  t.equal(headers['x-content-type-options'], 'nosniff')
  for (const part of ['502', REFUSED.title, REFUSED.detail, REFUSED.advice, REFUSED.code, 'id-1'])
    t.ok(page.includes(part), part)
  t.ok(body.length < 4096, 'small')
})

t.test('the page is whole by itself, and its policy lets in nothing but its own style', async (t) => {
  const { headers, body } = errorPage(REFUSED, HTML)
  const page = body.toString()
  t.notMatch(page, /https?:\/\/|<script|<link|<img|@import|url\(|\son\w+=|\sstyle=/)
  const style = /<style>([^]*)<\/style>/.exec(page)![1]!
  const hash = createHash('sha256').update(style).digest('base64')
  const policy = headers['content-security-policy']!.split('; ')
  t.ok(policy.includes("default-src 'none'"))
  t.ok(policy.includes(`style-src 'sha256-${hash}'`), 'the hash is that of the style')
  t.ok(policy.includes("frame-ancestors 'none'"))
  t.ok(policy.includes("form-action 'none'"))
  t.ok(policy.includes("base-uri 'none'"))
})

t.test('the page can be read by everybody', async (t) => {
  const page = errorPage(REFUSED, HTML).body.toString()
  t.match(page, /^<!doctype html>\n<html lang="en">/)
  t.match(page, /<meta name="viewport" content="width=device-width, initial-scale=1">/)
  t.match(page, /prefers-color-scheme:dark/)
  t.equal(page.match(/<h1>/g)?.length, 1)
  t.equal(page.match(/<main>/g)?.length, 1)
})

/** WCAG 2.2 §1.4.3: the contrast of two colours. */
function contrast(a: string, b: string): number {
  const luminance = (colour: string): number => {
    const digits = colour.length === 4 ? colour.slice(1).replace(/./g, '$&$&') : colour.slice(1)
    const [red, green, blue] = [0, 2, 4].map((at) => {
      const share = parseInt(digits.slice(at, at + 2), 16) / 255
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!
  }
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (high! + 0.05) / (low! + 0.05)
}

t.test('its colours have enough contrast, light and dark', async (t) => {
  const page = errorPage(REFUSED, HTML).body.toString()
  const schemes = [...page.matchAll(/:root\{[^}]*\}/g)].map(
    ([rule]) => new Map([...rule.matchAll(/--(\w+):(#[0-9a-f]+)/g)].map(([, name, colour]) => [name!, colour!])),
  )
  t.equal(schemes.length, 2)
  for (const scheme of schemes) {
    for (const name of ['ink', 'dim', 'mark']) {
      t.ok(contrast(scheme.get(name)!, scheme.get('card')!) >= 4.5, name)
    }
  }
})

t.test('nothing that comes from outside can become markup', async (t) => {
  const nasty = `<script>alert("1")</script>&'`
  const problem: Problem = { status: 502, code: nasty, title: nasty, detail: nasty, advice: nasty, requestId: nasty }
  const page = errorPage(problem, HTML).body.toString()
  t.notOk(page.includes('<script'))
  t.equal(page.match(/&#60;script&#62;alert\(&#34;1&#34;\)&#60;\/script&#62;&#38;&#39;/g)?.length, 6)
  t.equal(
    (JSON.parse(errorPage(problem, 'application/json').body.toString()) as { title: string }).title,
    nasty,
    'JSON has its own escapes',
  )
})

t.test('a program gets problem+json (RFC 9457)', async (t) => {
  const { headers, body } = errorPage(REFUSED, 'application/json')
  t.equal(headers['content-type'], 'application/problem+json')
  t.equal(headers['content-length'], String(body.length))
  t.same(JSON.parse(body.toString()), {
    type: 'urn:uniroute:error:UR_UPSTREAM_REFUSED',
    title: REFUSED.title,
    status: 502,
    detail: REFUSED.detail,
    code: 'UR_UPSTREAM_REFUSED',
    advice: REFUSED.advice,
    request_id: 'id-1',
  })
})

t.test('curl gets text', async (t) => {
  const { headers, body } = errorPage(REFUSED, '*/*')
  t.equal(headers['content-type'], 'text/plain; charset=utf-8')
  t.equal(
    body.toString(),
    `502 ${REFUSED.title} (UR_UPSTREAM_REFUSED)\n\n${REFUSED.detail}\n${REFUSED.advice}\n\nRequest id-1\n`,
  )
})

t.test('further fields are added, and win', async (t) => {
  const { headers } = errorPage(REFUSED, undefined, { 'Retry-After': '3', 'Cache-Control': 'no-store, private' })
  t.equal(headers['retry-after'], '3')
  t.equal(headers['cache-control'], 'no-store, private')
  t.notOk('Retry-After' in headers)
})

t.test('problems tell apart what happened', async (t) => {
  const status = (code: keyof typeof ERROR_CODES) => problemOf(code, 'x').status
  t.equal(status('UR_HTTP_NO_TUNNEL'), 404)
  t.equal(status('UR_AGENT_OFFLINE'), 503)
  t.equal(status('UR_UPSTREAM_REFUSED'), 502)
  t.equal(status('UR_UPSTREAM_TIMED_OUT'), 504)
  t.equal(status('UR_AGENT_GONE'), 502)
  t.equal(status('UR_VISITOR_LOGIN'), 401)
  t.equal(status('UR_VISITOR_ADDRESS'), 403)
  t.equal(status('UR_BODY_TOO_LARGE'), 413)
  t.equal(status('UR_VISITOR_RATE'), 429)
  t.equal(status('UR_HTTP_MISDIRECTED'), 421)
  t.equal(status('UR_HOLD_TIMEOUT'), 503)
  t.equal(status('UR_INTERNAL'), 500)
  t.equal(status('UR_PROXY_CONNECT'), 503, 'what visitors are not to know looks like an agent that is offline')
  t.equal(problemOf('UR_PROXY_CONNECT', 'x').code, 'UR_PROXY_CONNECT', 'and has its code')
  const titles = [...PROBLEMS.values()].map(({ title, status }) => `${status} ${title}`)
  t.equal(new Set(titles).size, titles.length - 1, 'only the two rates look the same')
})

t.test('every problem has a code of the table, a client or server error, and sentences', async (t) => {
  for (const [code, { status, title, detail, advice }] of PROBLEMS) {
    t.ok(code in ERROR_CODES, code)
    t.ok(status >= 400 && status < 600, code)
    t.notMatch(title, /[.!]$/, code)
    t.match(detail, /^[A-Z].*\.$/, code)
    t.match(advice, /^[A-Z].*\.$/, code)
  }
})
