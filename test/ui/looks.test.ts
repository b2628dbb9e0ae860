import { readFile } from 'node:fs/promises'
import path from 'node:path'
import t from 'tap'
import { openInspector } from '../support/inspector-page.js'
import { fillScene } from '../support/inspector-scene.js'
import { ROOT } from '../support/places.js'

interface AxeResult {
  readonly violations: readonly {
    readonly id: string
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[]
  }[]
}

t.test('every page, light and dark, wide and narrow', async (t) => {
  const { fake, page, go, complaints } = await openInspector(t)
  const order = fillScene(fake)
  const socket = fake.exchanges.find(({ summary }) => summary.kind === 'websocket')
  const axe = await readFile(path.join(ROOT, 'node_modules/axe-core/axe.min.js'), 'utf8')
  await page.emulateMedia({ reducedMotion: 'reduce' })

  const press = (name: string) => page.getByRole('button', { name, exact: true }).first().click()
  const views: Readonly<Record<string, () => Promise<void>>> = {
    requests: () => go('#/requests'),
    'requests with the form': async () => {
      await go('#/requests?q=order')
      await press('Filter')
    },
    'a response': async () => {
      await go(`#/requests/${order.summary.id}`)
      await page.getByText('Desk lamp').waitFor()
      await page.keyboard.press('x')
    },
    'a request': async () => {
      await page.getByRole('tab', { name: 'Request' }).click()
      await page.getByRole('button', { name: 'Reveal' }).first().waitFor()
    },
    summary: async () => {
      await page.getByRole('tab', { name: 'Summary' }).click()
      await page.getByText('ended as its protocol says').waitFor()
    },
    'a replay': async () => {
      await press('Replay')
      await page.getByText('Another answer.').waitFor()
    },
    'the editor': async () => {
      await page.keyboard.press('e')
      await page.getByRole('button', { name: 'Send' }).waitFor()
    },
    messages: async () => {
      await go(`#/requests/${socket?.summary.id}`)
      await page.getByText('how can I help').waitFor()
    },
    tunnels: async () => {
      await go('#/tunnels')
      await page.getByText('takes most of the time').waitFor()
    },
    connections: async () => {
      await go('#/connections')
      await page.getByText('198.51.100').first().waitFor()
    },
    suites: async () => {
      await go('#/suites/checkout')
      await press('Run')
      await page.getByRole('button', { name: 'different' }).click()
      await page.getByText('leaves today').waitFor()
    },
    help: async () => {
      await page.keyboard.press('?')
      await page.getByRole('dialog').waitFor()
    },
  }

  // Neither the rules about structure nor the widths depend on the theme: two rounds see each width and each theme.
  for (const { colorScheme, width } of [
    { colorScheme: 'light', width: 1280 },
    { colorScheme: 'dark', width: 360 },
  ] as const) {
    t.test(`${colorScheme}, ${width} px`, async (t) => {
      await page.emulateMedia({ colorScheme })
      await page.setViewportSize({ width, height: 800 })
      for (const [name, show] of Object.entries(views)) {
        await show()
        const tooWide = await page.evaluate(
          'document.documentElement.scrollWidth - document.documentElement.clientWidth',
        )
        t.equal(tooWide, 0, `${name}: nothing is wider than the page`)
        t.same(await violations(), [], `${name}: axe finds nothing`)
      }
    })
  }

  async function violations(): Promise<readonly string[]> {
    await page.evaluate(axe)
    const result = await page.evaluate<AxeResult>('axe.run(document, { resultTypes: ["violations"] })')
    return result.violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`),
    )
  }

  t.test('the switch wins over the system, and is remembered', async (t) => {
    await page.emulateMedia({ colorScheme: 'light' })
    await go('#/tunnels')
    const background = () => page.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor')
    const light = await background()
    await page.getByRole('button', { name: 'Theme: system' }).click()
    await page.getByRole('button', { name: 'Theme: light' }).click()
    const dark = await background()
    t.not(dark, light)
    await page.reload()
    t.equal(await background(), dark)
    await page.getByRole('button', { name: 'Theme: dark' }).click()
    t.equal(await background(), light)
  })

  t.test('the browser complained of nothing', async (t) => {
    t.same(complaints, [])
  })
})
