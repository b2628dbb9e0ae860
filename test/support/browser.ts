import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { chromium, type BrowserContext } from 'playwright-core'
import { DOMAIN } from './http-product.js'
import { program, temporaryFolder, type Owner } from './places.js'
import { must } from './processes.js'

/** Nothing that goes anywhere but to the pages of a test. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--no-first-run',
  '--no-proxy-server',
  '--disable-gpu',
  '--disable-quic',
  '--disable-sync',
  '--disable-background-networking',
  '--disable-component-update',
  `--host-resolver-rules=MAP *.${DOMAIN} 127.0.0.1`,
]

/** Chromium with an empty profile, in which an authority (path of its PEM file) is trusted beside the public ones. */
export async function startBrowser(t: Owner, ca: string | null = null): Promise<BrowserContext> {
  const [executablePath, home] = await Promise.all([program('chromium', 'chromium'), temporaryFolder(t)])
  if (ca !== null) await trust(home, ca)
  const { PATH = '' } = process.env
  const context = await chromium.launchPersistentContext(path.join(home, 'profile'), {
    executablePath,
    args: FLAGS,
    env: { PATH, HOME: home },
  })
  t.teardown(() => context.close())
  return context
}

async function trust(home: string, ca: string): Promise<void> {
  const certutil = await program('certutil', 'libnss3-tools')
  const store = path.join(home, '.pki/nssdb')
  await mkdir(store, { recursive: true })
  await must(certutil, ['-d', `sql:${store}`, '-N', '--empty-password'])
  await must(certutil, ['-d', `sql:${store}`, '-A', '-n', 'test', '-t', 'C,,', '-i', ca])
}
