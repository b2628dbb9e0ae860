import t from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { startBrowser } from '../support/browser.js'
import { GrpcClient, GrpcEcho } from '../support/grpc-echo.js'
import { HttpProduct, hostOf } from '../support/http-product.js'
import { upstream } from '../support/http-upstream.js'

t.test('the pages of a running agent', async (t) => {
  const product = await HttpProduct.start(t)
  let number = 0
  const shop = await upstream(t, (request, response) => {
    response.setHeader('content-type', 'application/json')
    request.resume().on('end', () => response.end(JSON.stringify({ path: request.url, number: ++number })))
  })
  const sockets = new WebSocketServer({ server: shop.server })
  sockets.on('connection', (socket) => socket.on('message', (data, binary) => socket.send(data, { binary })))
  const echo = await GrpcEcho.start(t)
  const inspected = ['--inspect-addr', '127.0.0.1:0', '--inspect-reveal']
  const [agent, grpcAgent, browser] = await Promise.all([
    product.agent(t, shop.port, 'shop', inspected),
    product.agent(t, echo.port, 'api', [...inspected, '--upstream-protocol', 'http2']),
    startBrowser(t),
  ])
  const page = await browser.newPage()
  page.setDefaultTimeout(15_000)
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  const panel = page.getByRole('tabpanel')
  const row = (target: string) => page.locator('.list-rows .row', { hasText: target }).first()
  const inspectorOf = async ({ process }: typeof agent) => String((await process.event('ready'))['inspector'])

  await page.goto(await inspectorOf(agent))
  await page.getByText('No request yet.').waitFor()

  t.test('a request is seen when it passes, without its secrets', async (t) => {
    const headers = { authorization: 'Bearer sesame-open', 'content-type': 'application/json' }
    const body = '{"cart":[1,2,3]}'
    const { status } = await product.call(hostOf('shop'), '/orders?page=2', { method: 'POST', headers, body })
    t.equal(status, 200)
    await row('/orders?page=2').getByText('200').waitFor()
    await row('/orders?page=2').click()
    await panel.getByText('/orders?page=2').waitFor()
    await page.getByRole('tab', { name: 'Request' }).click()
    await panel.getByText('cart').waitFor()
    t.match(await panel.innerText(), /authorization[\s\S]*redacted/i)
    t.notMatch(await page.locator('body').innerText(), 'sesame-open')
    await panel.getByRole('button', { name: 'Reveal' }).first().click()
    await panel.getByText('Bearer sesame-open').waitFor()
  })

  t.test('a replay beside the first answer, as it was and edited', async (t) => {
    const replay = page.getByRole('region', { name: 'Replay' })
    await page.keyboard.press('r')
    await replay.getByText('Another answer.').waitFor()
    t.match(await replay.locator('.diff').innerText(), /\/number\s+1\s+2/)
    await page.keyboard.press('e')
    await page.getByRole('textbox', { name: 'Target' }).fill('/orders/edited')
    await page.getByRole('button', { name: 'Send' }).click()
    await replay.getByText('"/orders/edited"').waitFor()
    t.match(await replay.locator('.diff').innerText(), /\/path\s+"\/orders\?page=2"\s+"\/orders\/edited"/)
    await replay.getByRole('button', { name: 'Open it' }).click()
    await page.getByRole('heading', { level: 1, name: '/orders/edited' }).waitFor()
    await page.getByRole('tab', { name: 'Summary' }).click()
    await panel.getByText('Replay of').waitFor()
  })

  t.test('words in bodies are found, and what is found is exported', async (t) => {
    await product.call(hostOf('shop'), '/needle', {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: 'in the haystack',
    })
    await page.getByLabel('Search requests').fill('haystack')
    await row('/needle').waitFor()
    await row('/orders').waitFor({ state: 'detached' })
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.locator('.filter').getByRole('link', { name: 'HAR' }).click(),
    ])
    const chunks: Buffer[] = []
    for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer)
    const { log } = JSON.parse(Buffer.concat(chunks).toString()) as { log: { entries: { request: { url: string } }[] } }
    t.equal(log.entries.length, 1)
    t.match(log.entries[0]?.request.url, /\/needle$/)
    await page.getByLabel('Search requests').fill('')
  })

  t.test('the messages of a WebSocket, as they pass', async (t) => {
    const socket = new WebSocket(`wss://${hostOf('shop')}:${product.port}/live`, {
      ca: product.ca,
      lookup: (_name, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]),
    })
    t.teardown(() => socket.terminate())
    socket.once('open', () => socket.send('{"say":"hello"}'))
    await row('/live').click()
    await panel.getByRole('button', { name: /to the upstream.*hello/ }).waitFor()
    await panel.getByRole('button', { name: /to the visitor.*hello/ }).waitFor()
    socket.send('and once more')
    await panel.getByRole('button', { name: /to the visitor.*and once more/ }).waitFor()
    t.match(await page.getByRole('tab', { selected: true }).innerText(), /^Messages \d+$/)
  })

  t.test('tunnels say where they lead', async (t) => {
    await page.getByRole('link', { name: 'Tunnels' }).click()
    await page.getByRole('link', { name: `https://${hostOf('shop')}` }).waitFor()
    t.match(await page.locator('.forwarding').innerText(), String(shop.port))
    t.match(await page.getByRole('region', { name: 'Capture' }).innerText(), /Memory[\s\S]*requests/)
  })

  t.test('the messages of a gRPC call', async () => {
    const client = new GrpcClient(product, hostOf('api'))
    await page.goto(await inspectorOf(grpcAgent))
    await client.unary('hello')
    await row('/test.Echo/Unary').click()
    await panel.getByRole('button', { name: /to the upstream.*grpc/ }).waitFor()
    await panel.getByRole('button', { name: /to the visitor.*grpc/ }).waitFor()
  })

  t.test('an agent that ended is said to be gone', async (t) => {
    await grpcAgent.process.end()
    await page.getByText('The agent does not answer.').waitFor()
    t.same(complaints, [])
  })
})
