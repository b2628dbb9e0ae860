import t from 'tap'
import { openInspector } from '../support/inspector-page.js'
import { ORDER } from '../support/inspector-scene.js'
import { gzipSync } from 'node:zlib'

const RIGHT_TO_LEFT = '\u202e'
const HOSTILE = `</script><script>alert(1)</script><img src=x onerror=alert(1)>${RIGHT_TO_LEFT}cba`

t.test('the pane of one request', async (t) => {
  const { fake, page, browser, go, complaints } = await openInspector(t)
  const open = async (of: { readonly summary: { readonly id: string } }) => go(`#/requests/${of.summary.id}`)
  const tab = (name: string) => page.getByRole('tab', { name }).click()
  const panel = page.getByRole('tabpanel')

  t.test('JSON is a tree: folded, unfolded, with every digit of its numbers', async (t) => {
    const body = JSON.stringify(ORDER).replace('"12345678901234567890"', '12345678901234567890')
    await open(fake.add({ response: { type: 'application/json; charset=utf-8', body } }))
    await panel.getByText('Desk lamp').waitFor()
    t.match(await panel.innerText(), /ledger: 12345678901234567890\n/)
    await panel.getByRole('button', { name: /^▾?items/ }).click()
    await panel.getByText('Desk lamp').waitFor({ state: 'detached' })
    t.match(await panel.innerText(), /items: \[ 2 elements \]/)
    await page.getByRole('button', { name: 'Hex' }).click()
    await panel.getByText('7b 22 6f 72 64 65 72 22').waitFor()
    await page.getByRole('button', { name: 'Text' }).click()
    await panel.getByText('{"order":1204').waitFor()
  })

  t.test('XML, forms, parts and images each have their own view', async (t) => {
    await open(fake.add({ response: { type: 'application/atom+xml', body: '<feed><entry><id>7</id></entry></feed>' } }))
    await panel.getByText('<feed>').waitFor()
    t.match(await panel.locator('pre').innerText(), /<feed>\n {2}<entry>\n {4}<id>7<\/id>\n {2}<\/entry>\n<\/feed>/)
    const parts =
      '--b\r\nContent-Disposition: form-data; name="note"\r\n\r\nbe quick\r\n--b\r\nContent-Type: image/png\r\n\r\n'
    await open(
      fake.add({
        method: 'POST',
        request: {
          type: 'multipart/form-data; boundary=b',
          body: Buffer.from(`${parts}\u00ff\r\n--b--\r\n`, 'latin1'),
        },
      }),
    )
    await tab('Request')
    await panel.getByText('name="note"').waitFor()
    t.match(await panel.innerText(), /be quick[\s\S]*image\/png[\s\S]*00000000 {2}ff/)
    await open(
      fake.add({ method: 'POST', request: { type: 'application/x-www-form-urlencoded', body: 'a=1&b=%26+x' } }),
    )
    await tab('Request')
    await panel.getByText('& x').waitFor()
    const picture = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=',
      'base64',
    )
    await open(fake.add({ response: { type: 'image/png', body: picture } }))
    await panel.getByText('1 × 1').waitFor()
  })

  t.test('what is wrong with a body is said in words', async (t) => {
    const packed = gzipSync(gzipSync('x'))
    const info = { codings: ['gzip', 'gzip'], bytes: 9000, problem: 'The gzip data end too early.' }
    await open(fake.add({ response: { type: 'text/plain', body: packed, info } }))
    await panel.getByText(/^Only the first \d+ B of 9 kB were kept\.$/).waitFor()
    await panel.getByText('Compressed twice: gzip, then gzip; shown decompressed.').waitFor()
    await panel.getByText('The gzip data end too early.').waitFor()
    await page.getByRole('button', { name: 'As sent' }).click()
    await panel.getByText('00000000  1f 8b').waitFor()
    t.ok(fake.asked.some((asked) => asked.endsWith('/response/body?raw=1')))
    await open(fake.add({ response: { type: 'text/plain', body: Buffer.from([0xff, 0xfe, 0x80]) } }))
    await panel.getByText('It says that it is text/plain, but its bytes are not text.').waitFor()
    await open(fake.add({ response: { type: 'application/json', body: '{"a":' } }))
    await panel.getByText('Not valid JSON: shown as text.').waitFor()
  })

  t.test('a redacted value is marked, and revealed when it is asked for', async (t) => {
    const fields = [['Authorization', 'Bearer [redacted]', true] as const, ['Accept', '*/*'] as const]
    await open(fake.add({ request: { fields } }))
    await tab('Request')
    t.equal(await panel.getByRole('button', { name: 'Reveal' }).count(), 1)
    await panel.getByRole('button', { name: 'Reveal' }).click()
    await panel.getByText(/^secret of [0-9a-f]{16}\.request\.0$/).waitFor()
    await panel.getByRole('button', { name: 'Hide' }).click()
    await panel.getByText('Bearer [redacted]').waitFor()
  })

  t.test('WebSocket messages come live, and open', async (t) => {
    const messages = [{ direction: 'to-upstream' as const, kind: 'text' as const, text: '{"hello":["you"]}' }]
    const spec = { kind: 'websocket', state: 'open', status: 101 } as const
    const socket = fake.add({ ...spec, messages })
    await open(socket)
    await panel.getByRole('button', { name: /to the upstream\s*text\s*\{"hello"/ }).click()
    await panel.getByText('"you"', { exact: true }).waitFor()
    const answer = { direction: 'to-visitor' as const, kind: 'binary' as const, base64: 'AAEC/w==' }
    fake.change(socket, { ...spec, messages: [...messages, answer] })
    await panel.getByRole('button', { name: /to the visitor\s*binary\s*00 01 02 ff/ }).waitFor()
    t.equal(await page.getByRole('tab', { selected: true }).innerText(), 'Messages 2')
  })

  t.test('gRPC messages and server-sent events have their names', async (t) => {
    const grpc = { direction: 'to-visitor', kind: 'grpc', label: 'shop.v1.Order', text: '{"id":"7"}' } as const
    await open(fake.add({ kind: 'grpc', messages: [grpc], response: { trailers: [['grpc-status', '5']] } }))
    await panel.getByText('shop.v1.Order').waitFor()
    await tab('Response')
    await panel.getByText('grpc-status').waitFor()
    const many = Array.from({ length: 450 }, (_, number) => ({
      direction: 'to-visitor' as const,
      kind: 'event' as const,
      label: 'tick',
      text: `number ${number}`,
    }))
    await open(fake.add({ kind: 'sse', messages: many }))
    await panel.getByText('number 199', { exact: true }).waitFor()
    t.equal(await panel.getByText('number 200', { exact: true }).count(), 0)
    await panel.getByRole('button', { name: 'Show more: 250 are left' }).click()
    await panel.getByText('number 399', { exact: true }).waitFor()
    const endless = Array.from({ length: 900 }, (_, number) => ({ ...grpc, text: `number ${number}` }))
    const stream = fake.add({ kind: 'grpc', state: 'open', messages: endless })
    await open(stream)
    await panel.getByRole('button', { name: 'Show the last ones, and what comes' }).click()
    await panel.getByText('number 899', { exact: true }).waitFor()
    t.equal(await panel.getByText('number 199', { exact: true }).count(), 0)
    fake.change(stream, { kind: 'grpc', state: 'open', messages: [...endless, { ...grpc, text: 'the newest' }] })
    await panel.getByText('the newest').waitFor()
  })

  t.test('hostile text stays text, and as long as it may be the page stays', async (t) => {
    const long = 'x'.repeat(1_000_000)
    const evil = fake.add({
      method: 'GE\u0007T',
      target: `/${HOSTILE}`,
      host: HOSTILE,
      request: { fields: [[HOSTILE, long]], type: 'text/html', body: HOSTILE },
      response: {
        fields: [['Location', 'javascript:alert(1)']],
        type: 'application/json',
        body: JSON.stringify({ [HOSTILE]: [HOSTILE, long], __proto__: 1 }),
      },
      problem: HOSTILE,
    })
    await open(evil)
    await panel.getByText('‹U+202E›cba').first().waitFor()
    await tab('Request')
    await panel.getByRole('button', { name: '… show all 1 MB' }).click()
    await panel.getByRole('button', { name: 'Show less' }).waitFor()
    t.notMatch(await page.locator('body').innerText(), RIGHT_TO_LEFT)
    t.equal(await page.locator('img, iframe, object, embed, script:not([src])').count(), 0)
    const links = await page.evaluate<string[]>('[...document.links].map((link) => new URL(link.href).protocol)')
    t.same([...new Set(links)], ['http:'])
  })

  t.test('copies as a command what the agent writes', async (t) => {
    await browser.grantPermissions(['clipboard-read', 'clipboard-write'])
    const order = fake.add({ method: 'POST', target: '/orders' })
    await open(order)
    await page.getByRole('button', { name: 'Copy as' }).click()
    await page.getByRole('button', { name: 'HTTPie' }).click()
    await page.getByRole('button', { name: 'Copied' }).waitFor()
    t.equal(await page.evaluate('navigator.clipboard.readText()'), `httpie of ${order.summary.id}`)
  })

  t.test('one request, the marked ones and those that match are exported as HAR', async (t) => {
    const har = async (click: () => Promise<void>) => {
      const [download] = await Promise.all([page.waitForEvent('download'), click()])
      const chunks: Buffer[] = []
      for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer)
      const { log } = JSON.parse(Buffer.concat(chunks).toString()) as { log: { entries: { _id: string }[] } }
      return log.entries.map(({ _id }) => _id)
    }
    const [one, two] = [fake.add({ target: '/export-1' }), fake.add({ target: '/export-2' })]
    await open(one)
    t.same(await har(() => page.locator('.detail-bar').getByRole('link', { name: 'HAR' }).click()), [one.summary.id])
    await page.keyboard.press('x')
    await page.keyboard.press('k')
    await page.keyboard.press('x')
    await page.getByText('2 marked requests').waitFor()
    const ids = [two.summary.id, one.summary.id]
    t.same(await har(() => page.locator('.marked-bar').getByRole('link', { name: 'HAR' }).click()), ids)
    await page.getByLabel('Search requests').fill('export-2')
    await page.waitForURL(/q=export-2/)
    t.same(await har(() => page.locator('.filter').getByRole('link', { name: 'HAR' }).click()), [two.summary.id])
  })

  t.test('a request that was forgotten is said to be', async (t) => {
    await go('#/requests/00000000deadbeef')
    await page.getByText('There is no such request (any more).').waitFor()
    t.equal(await page.getByRole('tabpanel').count(), 0)
  })

  t.test('the browser complained of nothing', async (t) => {
    t.same(complaints, [])
  })
})
