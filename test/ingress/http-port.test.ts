import t from 'tap'
import { systemClock } from '../../src/core/clock.js'
import { silentLogger } from '../../src/core/logger.js'
import { Admission, HttpPort, noIngressHooks } from '../../src/ingress/index.js'
import { BOUNDS, exchange } from './support.js'

t.test('plain HTTP is told that no tunnel answers it, and the connection is closed', async (t) => {
  const admission = new Admission(() => BOUNDS, noIngressHooks, silentLogger, systemClock)
  const http = new HttpPort(admission, BOUNDS)
  const port = await http.listen({ host: '127.0.0.1', port: 0 })
  const answer = (await exchange(t, port, 'GET /path HTTP/1.1\r\nHost: shop.example\r\n\r\n')).toString()
  t.match(answer, /^HTTP\/1\.1 404 /)
  t.match(answer, /shop\.example/)
  t.equal(admission.pending, 0)
  await http.close()
  await t.rejects(new HttpPort(admission, BOUNDS).listen({ host: '192.0.2.1', port: 0 }), { code: 'UR_LISTEN_FAILED' })
})
