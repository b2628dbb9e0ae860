import path from 'node:path'
import t from 'tap'
import { AcmeProduct, DOMAIN } from '../support/acme-product.js'
import { startBrowser } from '../support/browser.js'
import { upstream } from '../support/http-upstream.js'

t.test('Chromium accepts the chains of a server and of an agent from an authority, and nothing else', async (t) => {
  const product = await AcmeProduct.start(t)
  const { server, pebble } = product
  const { port } = await upstream(t, (request, response) => response.end(`hello ${request.headers.host}`))
  const acme = ['--acme-directory', pebble.directory, '--acme-ca', path.join(server.folder, 'directory-ca.pem')]
  const state = ['--state-dir', path.join(server.folder, 'agent')]
  await product.agent(t, port, ['--subdomain', 'shop'])
  const own = await product.agent(t, port, ['--subdomain', 'own', '--terminate', 'agent', ...acme, ...state])
  await own.process.event('certificate', { when: ({ state }) => state === 'ready' })
  const trusting = await startBrowser(t, product.rootFile)
  const page = await trusting.newPage()
  for (const name of ['shop', 'own']) {
    const host = `${name}.${DOMAIN}:${server.port}`
    const response = await page.goto(`https://${host}/`)
    t.equal(await page.locator('body').textContent(), `hello ${host}`)
    t.match(await response?.securityDetails(), { protocol: 'TLS 1.3', issuer: /^Pebble Intermediate/ }, name)
    t.equal(await page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol"), 'h2')
  }
  const stranger = await (await startBrowser(t, server.authority.ca)).newPage()
  for (const name of ['shop', 'own']) {
    await t.rejects(stranger.goto(`https://${name}.${DOMAIN}:${server.port}/`), /ERR_CERT_AUTHORITY_INVALID/, name)
  }
})
