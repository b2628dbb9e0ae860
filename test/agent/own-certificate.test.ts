import path from 'node:path'
import t from 'tap'
import { OwnCertificateFile } from '../../src/agent/index.js'
import { temporaryFolder } from '../support/places.js'

t.test('a file that is missing is named once', async (t) => {
  const certFile = path.join(await temporaryFolder(t), 'agent.pem')
  const error = await new OwnCertificateFile({ certFile }).read().catch((thrown: unknown) => thrown as Error)
  t.match(error, { code: 'UR_AGENT_CERT_FILE', message: /could not be read: ENOENT: no such file or directory\. What/ })
  t.equal(String(error).split(certFile).length - 1, 1)
})
