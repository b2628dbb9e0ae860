import type { BrowserContext, Page } from 'playwright-core'
import { startBrowser } from './browser.js'
import { FakeInspector } from './fake-inspector.js'
import { eventually } from './hang.js'
import type { Owner } from './places.js'

/** For one thing that the page is to show, on a loaded machine. */
const LIMIT_MS = 10_000

export interface InspectorPage {
  readonly fake: FakeInspector
  readonly page: Page
  readonly browser: BrowserContext
  /** Loads the page anew at a place such as `#/tunnels`. */
  go(hash: string): Promise<void>
  /** What went wrong in the page: uncaught errors and what the browser complains of, such as breaches of the policy. */
  readonly complaints: readonly string[]
}

/** A browser at the pages, with an API whose answers the test writes. */
export async function openInspector(t: Owner): Promise<InspectorPage> {
  const [fake, browser] = await Promise.all([FakeInspector.start(t), startBrowser(t)])
  const page = await browser.newPage()
  page.setDefaultTimeout(LIMIT_MS)
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text())
  })
  const go = async (hash: string) => {
    await page.goto('about:blank')
    const { listened } = fake
    await page.goto(`${fake.url}${hash}`)
    // Only then does it hear of what happens.
    await eventually('the stream of events', async () => {
      if (fake.listened <= listened) throw new Error('not yet')
    })
  }
  return { fake, page, browser, go, complaints }
}

/** The targets of the rows that are drawn, from the top. */
export async function targets(page: Page): Promise<readonly string[]> {
  const rows = await page.evaluate(`[...document.querySelectorAll('.list-rows .row')].map((row) =>
    [Number(row.getAttribute('aria-rowindex')), row.querySelector('.cell-target').innerText])`)
  return (rows as [number, string][]).sort(([a], [b]) => a - b).map(([, target]) => target)
}
