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
    let number = 1000
    const timer = setInterval(() => {
      const fresh = Array.from({ length: (PER_SECOND * TICK_MS) / 1000 }, () => number++)
      fake.send(
        'exchange',
        fresh.map((at) => fakeExchange(at, { target: `/busy/${at}`, status: null, state: 'open' }).summary),
      )
      fake.send(
        'exchange',
        fresh.map((at) => fakeExchange(at, { target: `/busy/${at}` }).summary),
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
    const last = `/busy/${number - 1}`
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
