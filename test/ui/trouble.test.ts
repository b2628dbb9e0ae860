import t from 'tap'
import { eventually } from '../support/hang.js'
import { openInspector, targets } from '../support/inspector-page.js'
import { fakeExchange } from '../support/inspector-fixtures.js'

/** Exchanges a second, each new and then answered: two updates. */
const PER_SECOND = 1000
const TICK_MS = 20

t.test('a broken API, and a busy one', async (t) => {
  const { fake, page, go, complaints } = await openInspector(t)
  fake.add({ target: '/first' })
  const alert = page.getByRole('alert')

  for (const [mood, words] of [
    ['failing', 'The inspector failed while it answered.'],
    ['garbage', 'The agent answered something that is not JSON.'],
  ] as const) {
    t.test(`${mood}: said, and over when it is over`, async (t) => {
      fake.mood = mood
      await page.goto('about:blank')
      await page.goto(`${fake.url}#/requests`)
      await page.getByText('The agent does not answer.').waitFor()
      await page.getByRole('button', { name: 'Try again' }).waitFor()
      t.match(await alert.innerText(), words)
      await page.getByRole('link', { name: 'Suites' }).click()
      await alert.getByText(words).waitFor()
      await page.getByRole('link', { name: 'Requests' }).click()
      fake.mood = 'good'
      await page.getByText('/first').waitFor()
      await page.getByText('The agent does not answer.').waitFor({ state: 'detached' })
      t.equal(await alert.count(), 0)
    })
  }

  t.test('gone and back: what happened meanwhile is there', async (t) => {
    await fake.down()
    await page.getByText('The agent does not answer.').waitFor()
    await page.getByText('no answer').waitFor()
    fake.add({ target: '/meanwhile' })
    await fake.up()
    await page.getByText('/meanwhile').waitFor()
    await page.getByText('The agent does not answer.').waitFor({ state: 'detached' })
    t.same(await targets(page), ['/meanwhile', '/first'])
  })

  t.test('gone for long: what is older than the gap is asked for when it is wanted', async (t) => {
    await fake.down()
    await page.getByText('The agent does not answer.').waitFor()
    for (let number = 0; number < 450; number++) fake.add({ target: `/gap/${number}` })
    await fake.up()
    await page.getByText('/gap/449').waitFor()
    await page.getByText('200+ shown').waitFor()
    const list = page.locator('.list')
    await eventually('the end of the list', async () => {
      await list.hover()
      await page.mouse.wheel(0, 50_000)
      if (!(await targets(page)).includes('/first')) throw new Error('not yet')
    })
    await page.getByText('452 shown').waitFor()
    t.same((await targets(page)).slice(-3), ['/gap/0', '/meanwhile', '/first'])
  })

  t.test('a new agent in the place of the old one has none of its requests', async (t) => {
    await fake.down()
    await page.getByText('The agent does not answer.').waitFor()
    fake.exchanges.length = 0
    await fake.up()
    await page.getByText('No request yet.').waitFor()
    t.same(await targets(page), [])
  })

  t.test('events that cannot be read are counted, and the others are shown', async (t) => {
    fake.sendRaw('exchange', '[{"id":')
    fake.sendRaw('exchange', '[{"id":7}]')
    fake.sendRaw('status', 'null')
    await page.getByText('3 of the agent’s messages could not be read.').waitFor()
    fake.add({ target: '/readable' })
    await page.getByText('/readable').waitFor()
    t.pass('it was shown')
  })

  t.test('2,000 updates a second: frames are drawn, and the page answers', async (t) => {
    await go('#/requests')
    // One frame each turn of the display is all; how many of them a busy list leaves is the measure.
    const frames = async () =>
      page.evaluate<number>(`new Promise((done) => {
        const until = performance.now() + 1500
        let frames = 0
        const count = () => (performance.now() < until ? (frames++, requestAnimationFrame(count)) : done(frames))
        requestAnimationFrame(count)
      })`)
    const idle = await frames()
    const timer = setInterval(() => {
      const first = fake.exchanges.length + 1
      const numbers = Array.from({ length: (PER_SECOND * TICK_MS) / 1000 }, (_, index) => first + index)
      const open = numbers.map((at) => fakeExchange(at, { target: `/busy/${at}`, status: null, state: 'open' }))
      const done = numbers.map((at) => fakeExchange(at, { target: `/busy/${at}` }))
      fake.exchanges.push(...done)
      for (const step of [open, done])
        fake.send(
          'exchange',
          step.map(({ summary }) => summary),
        )
    }, TICK_MS)
    t.teardown(() => clearInterval(timer))
    await page
      .getByText(/\/busy\/\d+/)
      .first()
      .waitFor()
    const busy = await frames()
    t.ok(busy > idle / 4, `${busy} frames while busy, ${idle} while idle`)
    t.ok((await page.locator('.list-rows .row').count()) < 80, 'only the rows that are seen are in the document')
    await page.keyboard.press('j')
    const selected = page.locator('.list-rows .row[aria-selected=true]')
    const before = await selected.boundingBox()
    await page.getByRole('button', { name: /^↑ [\d,]+ new$/ }).waitFor()
    t.equal((await selected.boundingBox())?.y, before?.y, 'the selected one stays in its place')
    await page.keyboard.press('p')
    await page.getByRole('button', { name: /^Go on \([\d,]+ new\)$/ }).waitFor()
    clearInterval(timer)
    await page.keyboard.press('p')
    const last = `/busy/${fake.exchanges.length}`
    await page.getByRole('button', { name: /new$/ }).click()
    await eventually('the last one', async () => {
      if ((await targets(page))[0] !== last) throw new Error('not yet')
    })
  })

  t.test('the browser complained of nothing else', async (t) => {
    // An answer that is not a stream of events is one that the browser itself complains of.
    t.same(
      complaints.filter((complaint) => !complaint.includes('EventSource')),
      [],
    )
  })
})
