import t from 'tap'
import { CertificateRule, NO_CERTIFICATE } from '../../../src/access/visitor-rules/certificate-rule.js'
import { authoritiesId, ordered } from '../../../src/config/index.js'

t.test('who may come, and what the others are told', async (t) => {
  let now = 5_000
  const authorities = ordered([Buffer.from('one'), Buffer.from('two')])
  const rule = new CertificateRule(authorities, () => now)
  const good = { authorities: authoritiesId(authorities), der: Buffer.from('der'), problem: null, validTo: 6_000 }
  t.equal(rule.check(good), null)
  t.match(rule.check(null), { code: 'UR_VISITOR_CERT_MISSING' }, 'no TLS')
  t.match(rule.check(NO_CERTIFICATE), { code: 'UR_VISITOR_CERT_AGAIN' }, 'it was not asked for one')
  t.match(rule.check({ ...good, der: null }), { code: 'UR_VISITOR_CERT_MISSING' })
  t.match(rule.check({ ...good, problem: 'UR_VISITOR_CERT_PURPOSE' }), { code: 'UR_VISITOR_CERT_PURPOSE' })
  const fewer = authoritiesId(ordered([Buffer.from('one')]))
  t.match(rule.check({ ...good, authorities: fewer }), { code: 'UR_VISITOR_CERT_AGAIN' }, 'verified against others')
  now = 6_001
  t.match(rule.check(good), { code: 'UR_VISITOR_CERT_EXPIRED' }, 'it ended while the connection was open')
})
