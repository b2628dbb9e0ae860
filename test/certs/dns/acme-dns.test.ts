import t from 'tap'
import { AcmeDnsProvider } from '../../../src/certs/dns/acme-dns.js'
import { FakeAcmeDns } from '../../support/acme-dns.js'

const signal = new AbortController().signal
const [ONE, TWO, THREE] = ['1'.repeat(43), '2'.repeat(43), '3'.repeat(43)] as const

t.test('acme-dns', async (t) => {
  const fake = await FakeAcmeDns.start(t)
  const options = {
    url: `${fake.url}/`,
    subdomain: fake.subdomain,
    username: fake.username,
    password: fake.password,
    fulldomain: `${fake.fulldomain.toUpperCase()}.`,
    timeoutMs: 5000,
    tries: 1,
  }
  const dns = new AcmeDnsProvider(options)
  t.equal(dns.delegation, fake.fulldomain)
  t.equal(dns.records, null)

  await dns.addTxt('_acme-challenge.example.com', ONE, signal)
  await dns.addTxt('_acme-challenge.example.com', TWO, signal)
  t.same(fake.values, [ONE, TWO])
  await dns.removeTxt()
  t.same(fake.values, [ONE, TWO], 'acme-dns removes nothing')
  await dns.addTxt('_acme-challenge.example.com', THREE, signal)
  t.same(fake.values, [TWO, THREE])

  const add = (given: object, value: string = ONE) =>
    new AcmeDnsProvider({ ...options, ...given }).addTxt('_acme-challenge.example.com', value, signal)
  await t.rejects(add({ password: 'wrong-password' }), {
    code: 'UR_DNS_REFUSED',
    message: /^(?!.*wrong-password).*HTTP status 401: user name or password are wrong/,
  })
  await t.rejects(add({}, 'short'), { code: 'UR_DNS_FAILED', message: /values of 43 characters/ })
  await t.rejects(add({ url: `${fake.url}/elsewhere` }), { code: 'UR_DNS_ANSWER', message: /404: not found/ })
  t.throws(() => new AcmeDnsProvider({ ...options, fulldomain: 'other.example.org' }), { code: 'UR_DNS_OPTION' })
  t.throws(() => new AcmeDnsProvider({ ...options, password: '' }), { code: 'UR_DNS_OPTION' })
  t.throws(() => new AcmeDnsProvider({ ...options, url: 'auth.example.org' }), { code: 'UR_DNS_OPTION' })
})
