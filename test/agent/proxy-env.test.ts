import t from 'tap'
import { proxyFor } from '../../src/agent/proxy-env.js'

const target = { host: 'tunnels.example.com', port: 443 }

t.test('which variable names the proxy', async (t) => {
  t.equal(proxyFor(target, {}), null)
  t.match(proxyFor(target, { https_proxy: 'http://a:1', HTTPS_PROXY: 'http://b:2' }), {
    host: 'a',
    port: 1,
    tls: false,
  })
  t.match(proxyFor(target, { HTTPS_PROXY: 'https://b', all_proxy: 'http://c:3' }), { host: 'b', port: 443, tls: true })
  t.match(proxyFor(target, { ALL_PROXY: 'c:3128' }), { host: 'c', port: 3128, authorization: null })
  t.match(proxyFor(target, { https_proxy: 'http://[::1]:8080/' }), { host: '::1', port: 8080 })
  t.equal(proxyFor(target, { https_proxy: '' }), null)
})

t.test('user and password', async (t) => {
  const { authorization } = proxyFor(target, { https_proxy: 'http://j%C3%B6rg:p%3Aw@proxy:80' })!
  t.equal(Buffer.from(authorization!.slice('Basic '.length), 'base64').toString(), 'jörg:p:w')
})

t.test('a URL that cannot be understood is refused without repeating it', async (t) => {
  for (const https_proxy of ['http://', 'ftp://secret@x', 'http://a:b:secret', 'http://%zz:secret@x']) {
    t.throws(() => proxyFor(target, { https_proxy }), { code: 'UR_PROXY_CONFIG' }, https_proxy)
    try {
      proxyFor(target, { https_proxy })
    } catch (error) {
      t.notMatch((error as Error).message, 'secret')
    }
  }
})

t.test('no_proxy', async (t) => {
  const without = (no_proxy: string, host: string, port = 443) =>
    proxyFor({ host, port }, { https_proxy: 'http://proxy:1', no_proxy }) === null
  for (const [list, host, expected] of [
    ['*', 'anything', true],
    ['example.com', 'example.com', true],
    ['example.com', 'tunnels.example.com', true],
    ['.example.com', 'tunnels.EXAMPLE.com.', true],
    ['*.example.com', 'tunnels.example.com', true],
    ['example.com', 'notexample.com', false],
    ['example.com:443', 'example.com', true],
    ['example.com:8443', 'example.com', false],
    ['a.test, b.test c.test', 'c.test', true],
    ['10.0.0.0/8', '10.1.2.3', true],
    ['10.0.0.0/8', '11.1.2.3', false],
    ['127.0.0.1', '127.0.0.1', true],
    ['fd00::/8', 'fd12::1', true],
    ['[::1]', '::1', true],
    ['10.0.0.0/8', 'ten.example.com', false],
    ['', 'example.com', false],
  ] as const) {
    t.equal(without(list, host), expected, `${host} with no_proxy=${list}`)
  }
})
