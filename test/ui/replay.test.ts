import t from 'tap'
import { openInspector } from '../support/inspector-page.js'
import { fakeReplay, fillScene } from '../support/inspector-scene.js'

t.test('replays and suites', async (t) => {
  const { fake, page, go, complaints } = await openInspector(t)
  const order = fillScene(fake)
  await go(`#/requests/${order.summary.id}`)
  const replay = page.getByRole('region', { name: 'Replay' })
  const diff = async () => (await replay.locator('.diff').innerText()).replace(/\s+/g, ' ')

  t.test('as it was: the answer beside the first, and what was left out', async (t) => {
    await page.getByRole('button', { name: 'Replay' }).click()
    await replay.getByText('Another answer.').waitFor()
    t.same(fake.replays, [{ id: order.summary.id, request: {} }])
    t.match(await replay.innerText(), /Left out, since the values were not kept: Cookie\./)
    t.match(
      await diff(),
      /Status 201 200 Fields Cache-Control no-store private, max-age=60 Server-Timing not there db;dur=41\.2/,
    )
    t.match(await diff(), /\/items\/1\/price 3\.2 3\.4 \/coupon null not there \/customer\/tier not there "gold"/)
    await replay.getByRole('button', { name: 'Once more' }).click()
    await replay.getByText('Another answer.').waitFor()
    t.equal(fake.replays.length, 2)
  })

  t.test('edited: only what was changed is sent', async (t) => {
    fake.replays.length = 0
    await page.keyboard.press('e')
    await page.getByLabel('Method').fill('PUT')
    await page.getByLabel('Target').fill('/api/orders/1204')
    await page.getByRole('textbox', { name: 'Body' }).fill('{"cart":78}')
    await page.getByRole('combobox', { name: 'To' }).selectOption('another upstream')
    await page.getByRole('textbox', { name: 'Upstream' }).fill('localhost:3001')
    await page.getByRole('button', { name: 'Send' }).click()
    await replay.getByText('Edited replay').waitFor()
    await replay.getByText('Another answer.').waitFor()
    const request = {
      method: 'PUT',
      target: '/api/orders/1204',
      body: { text: '{"cart":78}' },
      upstream: 'localhost:3001',
    }
    t.same(fake.replays, [{ id: order.summary.id, request }])
  })

  t.test('fields are changed, added and removed; another tunnel gets it', async (t) => {
    fake.replays.length = 0
    await replay.getByRole('button', { name: 'Edit' }).click()
    await page.getByLabel('Value of Accept', { exact: true }).fill('text/html')
    await page.getByRole('button', { name: 'Remove User-Agent' }).click()
    await page.getByRole('button', { name: 'Add a field' }).click()
    await page.getByLabel('Name of the field').last().fill('X-Try')
    await page.getByLabel('Value of X-Try').fill('2')
    await page.getByRole('combobox', { name: 'To' }).selectOption('hooks')
    await page.getByRole('button', { name: 'Send' }).click()
    await replay.getByText('Another answer.').waitFor()
    const request = fake.replays[0]?.request
    t.equal(request?.tunnel, 'hooks')
    const fields = request?.fields?.map(({ name, value }) => `${name}: ${value}`)
    t.ok(fields?.includes('Accept: text/html'))
    t.ok(fields?.includes('X-Try: 2'))
    t.ok(fields?.includes('Cookie: [redacted]'), 'the agent puts the secret in')
    t.notOk(fields?.some((field) => field.startsWith('User-Agent')))
  })

  t.test('text by its lines, other bytes by their size, and the same as the same', async (t) => {
    const result = fakeReplay(order)
    const lines = [
      { change: 'same' as const, text: 'one' },
      { change: 'removed' as const, text: 'two' },
      { change: 'added' as const, text: 'three' },
      { change: 'skipped' as const, text: '40' },
    ]
    fake.replay = () => ({ ...result, diff: { ...result.diff, body: { kind: 'text', lines } } })
    await replay.getByRole('button', { name: 'Once more' }).click()
    await replay.getByText('three').waitFor()
    t.match(await diff(), /Body one one two three 40 lines that are the same/)
    const status = { before: 201, after: 201, same: true }
    fake.replay = () => ({ ...result, omitted: [], diff: { same: true, status, fields: [], body: { kind: 'same' } } })
    await replay.getByRole('button', { name: 'Once more' }).click()
    await replay.getByText('The same answer.').waitFor()
    t.notMatch(await replay.innerText(), /Left out/)
    fake.replay = null
    await replay.getByRole('button', { name: 'Once more' }).click()
    await replay.getByText('There is no such request (any more).').waitFor()
  })

  t.test('marked requests are saved as a suite and run', async (t) => {
    await page.keyboard.press('Escape')
    await page.keyboard.press('x')
    await page.getByLabel('Name of the suite').fill('smoke')
    await page.getByRole('button', { name: 'Save as suite' }).click()
    const suite = page.getByRole('region', { name: 'Suite smoke' })
    await suite.getByRole('button', { name: 'Run' }).click()
    await suite.getByText('1 the same, 1 different, 1 failed.').waitFor()
    t.same(fake.suites.get('smoke')?.ids, [order.summary.id])
    await suite.getByRole('button', { name: /^failed/ }).click()
    await suite.getByText('refuses connections').waitFor()
    await suite.getByRole('button', { name: /^different/ }).click()
    await suite.getByText('your order leaves today.').waitFor()
    await suite.getByText('Left out, since the values were not kept: Cookie.').waitFor()
    await page.getByRole('button', { name: 'Remove smoke' }).click()
    await page.getByRole('button', { name: 'Remove it' }).click()
    await suite.waitFor({ state: 'detached' })
    t.notOk(fake.suites.has('smoke'))
  })

  t.test('the browser complained of nothing', async (t) => {
    t.same(complaints, [])
  })
})
