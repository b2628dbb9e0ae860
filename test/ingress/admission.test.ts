import { Socket } from 'node:net'
import t from 'tap'
import { silentLogger } from '../../src/core/logger.js'
import { Admission } from '../../src/ingress/index.js'
import { BOUNDS } from './support.js'

t.test('bounds of one address are for each kind of visitor, and not for proxies behind which many are', (t) => {
  const rejected: string[] = []
  const limits = () => ({ ...BOUNDS, connections: 5, addressConnections: 1, addressRate: 2 })
  const hooks = { rejected: (code: string) => rejected.push(code) }
  const clock = { time: 0, now: () => clock.time }
  const admission = new Admission(limits, hooks, silentLogger, clock, (address) => address === '192.0.2.9')
  const enter = (address: string) => {
    const socket = new Socket()
    const leave = admission.addVisitor(socket, address)
    t.equal(socket.destroyed, leave === null)
    return leave
  }
  const first = enter('2001:db8::1')
  t.equal(enter('2001:db8::2'), null)
  first?.()
  t.equal(enter('2001:db8::1'), null, 'the third of this second')
  clock.time = 1000
  t.ok(enter('2001:db8::1'))
  for (let i = 0; i < 4; i++) t.ok(enter('192.0.2.9'))
  t.equal(enter('192.0.2.9'), null)
  t.equal(admission.visitors, 5)
  t.same(rejected, ['UR_ADDRESS_CONNECTIONS', 'UR_ADDRESS_RATE', 'UR_CONNECTION_LIMIT'])
  t.end()
})
