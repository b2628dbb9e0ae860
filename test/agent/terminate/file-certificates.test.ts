import { copyFile } from 'node:fs/promises'
import t from 'tap'
import type { CertificateNews } from '../../../src/agent/index.js'
import { FileCertificates } from '../../../src/agent/terminate/file-certificates.js'
import { silentLogger } from '../../../src/core/logger.js'
import { Authority } from '../../support/certificates.js'
import { eventually } from '../../support/hang.js'

t.test('a certificate for other names than the tunnel has is told of, once, and again when it changes', async (t) => {
  const authority = await Authority.create(t, 'authority')
  const files = await authority.issue(['shop.example', '*.wild.example'])
  const told: CertificateNews[] = []
  const certificates = await FileCertificates.open({ files, log: silentLogger, onNews: (news) => told.push(news) })
  t.teardown(() => certificates.close())

  for (const host of ['shop.example', 'a.wild.example', '*.wild.example']) certificates.bound(host)
  t.same(told, [])
  certificates.bound('other.example')
  certificates.bound('other.example')
  t.match(told, [{ state: 'mismatch', name: 'other.example', code: 'UR_CERT_OTHER_NAMES' }])
  t.match(told[0], { message: /not for other\.example \(it is for shop\.example, \*\.wild\.example\): visitors/ })
  certificates.bound('a.b.wild.example')
  t.match(told[1], { name: 'a.b.wild.example' }, 'a wildcard is for one label')
  t.equal(told.length, 2)

  const another = await authority.issue(['third.example'])
  await Promise.all([copyFile(another.key, files.key), copyFile(another.cert, files.cert)])
  await eventually('the new files to be compared', async () => {
    if (told.length < 3) throw new Error('not yet')
  })
  t.match(told[2], { name: 'a.b.wild.example', message: /it is for third\.example/ })
  certificates.bound('third.example')
  t.equal(told.length, 3)
})
