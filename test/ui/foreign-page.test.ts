import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import type { TunnelControl } from '../../src/inspector/index.js'
import { InspectorApi } from '../inspector/api/support.js'
import { startBrowser } from '../support/browser.js'
import { DOMAIN } from '../support/http-product.js'

const SECRET = 'only-for-who-may'

async function listening(t: Test, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

/** What a page tries; each resolves with what it got, in words. */
const TRIES = (url: string, id: string): Readonly<Record<string, string>> => ({
  fetch: `fetch('${url}/api/inspect/exchanges').then((r) => r.text())`,
  'fetch with credentials': `fetch('${url}/api/inspect/exchanges', { credentials: 'include' }).then((r) => r.text())`,
  'fetch no-cors': `fetch('${url}/api/inspect/exchanges', { mode: 'no-cors' }).then((r) => r.type + ' ' + r.status)`,
  'fetch DELETE': `fetch('${url}/api/inspect/exchanges', { method: 'DELETE' }).then((r) => r.status)`,
  'fetch JSON': `fetch('${url}/api/inspect/exchanges/${id}/replay', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }).then((r) => r.status)`,
  'fetch no-cors of text that is JSON': `fetch('${url}/api/inspect/exchanges/${id}/replay', { method: 'POST', mode: 'no-cors', headers: { 'content-type': 'text/plain' }, body: '{}' }).then((r) => r.type)`,
  beacon: `Promise.resolve(navigator.sendBeacon('${url}/api/tunnels', new Blob(['{}'], { type: 'text/plain' })))`,
  EventSource: `new Promise((resolve) => {
    const source = new EventSource('${url}/api/inspect/events')
    source.onmessage = source.onopen = () => resolve('opened')
    source.addEventListener('status', (event) => resolve(event.data))
    source.onerror = () => (source.close(), resolve('refused'))
  })`,
  WebSocket: `new Promise((resolve) => {
    const socket = new WebSocket('${url.replace('http', 'ws')}/api/inspect/events')
    socket.onopen = () => resolve('opened')
    socket.onerror = () => resolve('refused')
  })`,
  script: `new Promise((resolve) => {
    const script = document.createElement('script')
    script.src = '${url}/api/inspect/exchanges'
    script.onload = () => resolve('loaded')
    script.onerror = () => resolve('refused')
    document.body.append(script)
  })`,
  'a script of its own': `new Promise((resolve) => {
    const script = document.createElement('script')
    script.src = '${url}/assets/index-B1x2y3z4.js'
    script.onload = () => resolve('loaded')
    script.onerror = () => resolve('refused')
    document.body.append(script)
  })`,
  image: `new Promise((resolve) => {
    const image = new Image()
    image.src = '${url}/api/inspect/exchanges/${id}/response/body'
    image.onload = () => resolve('loaded')
    image.onerror = () => resolve('refused')
  })`,
})

const FORM_TYPES = ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain']

/** Sends a form into a frame; with text/plain its body is JSON. */
const form = (action: string, type: string): string => `new Promise((resolve) => {
  const frame = document.createElement('iframe')
  frame.name = 'f' + Math.random()
  document.body.append(frame)
  const form = document.createElement('form')
  Object.assign(form, { action: '${action}', method: 'post', enctype: '${type}', target: frame.name })
  const input = document.createElement('input')
  input.name = '{"exchanges":["'
  input.value = '"]}'
  form.append(input)
  document.body.append(form)
  frame.onload = () => { frame.onload = () => resolve('answered') ; form.submit() }
  if (frame.contentDocument?.readyState === 'complete') frame.onload()
})`

async function attempt(page: Page, code: string): Promise<string> {
  return String(await page.evaluate(`Promise.resolve(${code}).catch((error) => 'refused: ' + error)`))
}

t.test('a page from elsewhere reads and changes nothing, whatever it tries', async (t) => {
  let asked = 0
  const upstream = await listening(
    t,
    createServer((_, response) => response.end(String(asked++))),
  )
  const started: unknown[] = []
  const control: TunnelControl = {
    start: (asked) => {
      started.push(asked)
      return Promise.reject(new Error('no'))
    },
    stop: (name) => {
      started.push(name)
      return Promise.resolve(true)
    },
  }
  const api = await InspectorApi.start(t, { upstream: `127.0.0.1:${upstream}`, control })
  const { id } = api.add({ target: `/${SECRET}` })
  const foreign = await listening(
    t,
    createServer((_, response) => {
      response.setHeader('content-type', 'text/html')
      response.end('<!doctype html><title>foreign</title><body>')
    }),
  )
  const browser = await startBrowser(t)
  const page = await browser.newPage()
  page.setDefaultTimeout(10_000)
  const pages = [`http://127.0.0.1:${foreign}/`, `http://localhost:${foreign}/`, `http://evil.${DOMAIN}:${foreign}/`]
  for (const from of pages) {
    await page.goto(from)
    for (const [what, code] of Object.entries(TRIES(`http://127.0.0.1:${api.port}`, id))) {
      const got = await attempt(page, code)
      t.notMatch(got, SECRET, `${what} from ${from}`)
      if (what !== 'beacon') t.match(got, /^(refused|opaque)/, `${what} from ${from}: ${got}`)
    }
    for (const type of FORM_TYPES) {
      for (const path of ['exchanges', `exchanges/${id}/replay`, 'exchanges.har', 'suites/x', 'reveal']) {
        await attempt(page, form(`http://127.0.0.1:${api.port}/api/inspect/${path}`, type))
      }
      await attempt(page, form(`http://127.0.0.1:${api.port}/api/tunnels`, type))
    }
    for (const framed of ['/', '/api/inspect/exchanges']) {
      await page.setContent(`<iframe src="http://127.0.0.1:${api.port}${framed}"></iframe>`, { waitUntil: 'load' })
      const frame = page.frames().at(-1)!
      const shown = await frame.content().catch(() => '')
      t.notMatch(shown, SECRET, `a frame of ${framed} from ${from}`)
      t.notMatch(shown, 'Inspector', `a frame of ${framed} from ${from}`)
    }
  }
  t.equal(api.book.size, 1, 'nothing was forgotten or added')
  t.same(started, [])
  t.equal(asked, 0)
  t.match((await api.inspect('suites')).text, '"suites":[]')
})

t.test('a name that is made to lead to the inspector reads nothing, from its own origin either', async (t) => {
  const api = await InspectorApi.start(t)
  const { id } = api.add({ target: `/${SECRET}` })
  const browser = await startBrowser(t)
  const page = await browser.newPage()
  const answer = await page.goto(`http://rebound.${DOMAIN}:${api.port}/`)
  t.equal(answer?.status(), 421)
  // It may run no script of its own; what the browser's tools run in it stands for one.
  const fetches = Object.entries(TRIES('', id)).filter(([what]) => what.startsWith('fetch'))
  for (const [what, code] of fetches) {
    const got = await attempt(page, code)
    t.notMatch(got, SECRET, what)
    t.notMatch(got, /^20\d/, what)
  }
  for (const path of [
    '/api/inspect/exchanges',
    '/api/requests/http',
    '/api/inspect/events',
    '/assets/index-B1x2y3z4.js',
  ]) {
    const refused = await page.goto(`http://rebound.${DOMAIN}:${api.port}${path}`)
    t.equal(refused?.status(), 421, path)
    t.notMatch(await page.content(), SECRET, path)
  }
  t.equal(api.book.size, 1)
})
