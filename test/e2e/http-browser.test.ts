import t from 'tap'
import { startBrowser } from '../support/browser.js'
import { within } from '../support/hang.js'
import { HttpProduct, hostOf } from '../support/http-product.js'
import { upstream } from '../support/http-upstream.js'
import { ViteServer } from '../support/vite-server.js'

t.test('Chromium: a Vite development server with hot module reload, and a second tunnel', async (t) => {
  const product = await HttpProduct.start(t)
  const [vite, shop, browser] = await Promise.all([
    ViteServer.start(t, 'before'),
    upstream(t, (_, response) => response.end('the shop')),
    startBrowser(t, product.server.authority.ca),
  ])
  await Promise.all([product.agent(t, vite.port, 'dev'), product.agent(t, shop.port, 'shop')])
  const page = await browser.newPage()

  t.test('an edited module is in the page without a reload', async (t) => {
    const socket = new Promise<string>((resolve) => {
      page.once('websocket', (webSocket) => webSocket.once('framereceived', () => resolve(webSocket.url())))
    })
    await page.goto(product.url('dev'))
    await page.getByText('before').waitFor()
    t.match(await within('a word by the WebSocket', socket), `wss://${hostOf('dev')}:${product.port}/`)
    const loadedAt = await page.evaluate(() => performance.timeOrigin)
    await page.locator('#kept').fill('typed by the user')
    await vite.edit('after')
    await page.getByText('after').waitFor()
    t.equal(await page.locator('#kept').inputValue(), 'typed by the user')
    t.equal(await page.evaluate(() => performance.timeOrigin), loadedAt, 'it is the same page')
    t.equal(await page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol"), 'h2')
  })

  t.test('a second tunnel, whose requests it tries on the connection to the first', async (t) => {
    await page.goto(product.url('shop'))
    t.equal(await page.locator('body').textContent(), 'the shop')
    const misdirected = { reason: 'UR_HTTP_MISDIRECTED' }
    t.ok((await product.server.metric('uniroute_http_failures_total', misdirected)) > 0, 'it was told to use another')
  })
})
