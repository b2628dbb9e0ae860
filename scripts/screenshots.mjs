// Takes the pictures of the inspector's pages in docs/images again, with Chromium, from the made-up requests of the
// tests: node --import ./scripts/typescript/register.mjs scripts/screenshots.mjs [FOLDER]
import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { startBrowser } from '../test/support/browser.ts'
import { FakeInspector } from '../test/support/fake-inspector.ts'
import { fillScene } from '../test/support/inspector-scene.ts'
import { program } from '../test/support/places.ts'

const folder = process.argv[2] ?? 'docs/images'
/** At 360 px these are enough to be shown. */
const NARROW = ['requests', 'replay']
const cleanUp = []
const owner = { teardown: (work) => cleanUp.unshift(work) }

try {
  await mkdir(folder, { recursive: true })
  const fake = await FakeInspector.start(owner)
  const order = fillScene(fake)
  const [browser, pngquant] = await Promise.all([startBrowser(owner), program('pngquant', 'pngquant')])
  const page = await browser.newPage()
  for (const width of [1280, 360]) {
    await page.setViewportSize({ width, height: width === 360 ? 720 : 800 })
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      const shoot = async (name) => {
        if (width === 360 && !NARROW.includes(name)) return
        const file = path.join(folder, `inspector-${name}-${width === 360 ? 'narrow-' : ''}${colorScheme}.png`)
        await page.screenshot({ path: file, animations: 'disabled' })
        await promisify(execFile)(pngquant, ['--force', '--strip', '--ext', '.png', '--quality', '80-100', file])
      }
      await takeAll(page, fake, order, shoot)
    }
  }
} finally {
  for (const work of cleanUp) await work()
}

async function takeAll(page, fake, order, shoot) {
  const websocket = fake.exchanges.findLast(({ summary }) => summary.kind === 'websocket')
  const go = async (hash) => {
    await page.goto('about:blank')
    await page.goto(`${fake.url}${hash}`)
  }
  await go('#/requests')
  await page.getByText('/api/orders').first().waitFor()
  await shoot('requests')
  await go(`#/requests/${order.summary.id}`)
  await page.getByText('Desk lamp').first().waitFor()
  await shoot('detail')
  await page.keyboard.press('r')
  await page.getByText('/customer/tier').waitFor()
  await shoot('replay')
  await page.keyboard.press('e')
  await page.getByRole('button', { name: 'Send' }).waitFor()
  await shoot('edit')
  await go(`#/requests/${websocket.summary.id}`)
  await page.getByText('how can I help').waitFor()
  await shoot('websocket')
  await go('#/tunnels')
  await page.getByText('takes most of the time').waitFor()
  for (let second = 0; second < 120; second++) sendStatus(fake, second)
  await page.getByText('31 ms').first().waitFor()
  await shoot('tunnels')
  await go('#/connections')
  await page.getByText('198.51.100').first().waitFor()
  await shoot('connections')
  await go('#/suites/checkout')
  await page.getByRole('button', { name: 'Run' }).click()
  await page.getByRole('button', { name: 'different' }).click()
  await page.getByText('leaves today').waitFor()
  await shoot('suites')
}

/** The last second's RTT is one that no other second has: it tells that all were drawn. */
function sendStatus(fake, second) {
  const wave = Math.sin(second / 9) + Math.sin(second / 3.1) / 2
  const [shop, ...others] = fake.status.tunnels
  const { requests } = shop
  const duration = { ...requests.duration, p50: 14 + wave * 3, p99: 210 + wave * 90 + (second % 37 === 0 ? 160 : 0) }
  const busy = { ...shop, requests: { ...requests, rate1: 12 + wave * 4, duration } }
  fake.send('status', { ...fake.status, rttMs: second === 119 ? 31 : 23 + wave, tunnels: [busy, ...others] })
}
