import t, { type Test } from 'tap'
import { within } from '../support/hang.js'
import { Process } from '../support/processes.js'
import { sessionEnd, type SessionEnd } from '../support/wire-pair.js'
import { drive } from './driver.js'
import { buildGoYamux } from './go-program.js'
import { Responder } from './responder.js'
import { transport } from './transports.js'

const GO_CHECKS = [
  'ping',
  '100 streams echo',
  'half-close is kept',
  '64 MiB each way',
  'reset by the other side',
  'go away by the other side',
]

let goYamux = ''
t.before(async () => {
  goYamux = await buildGoYamux()
})

type Role = 'client' | 'server'
const other = (role: Role): Role => (role === 'client' ? 'server' : 'client')

/** A go-yamux that does `task` in `role`, and our end of the session with it. */
async function withGo(
  t: Test,
  kind: 'tcp' | 'tls',
  role: Role,
  task: string,
): Promise<{ end: SessionEnd; peer: Process }> {
  const way = await transport(t, kind)
  const accepted = way.accepted()
  const connect = ['-connect', `127.0.0.1:${way.port}`, ...way.flags]
  const peer = new Process('go-yamux', goYamux, [...connect, '-role', role, '-task', task])
  t.teardown(() => peer.kill('SIGKILL'))
  const socket = await within('go-yamux to connect', accepted)
  return { end: sessionEnd(other(role), [socket], {}, new Responder()), peer }
}

for (const kind of ['tcp', 'tls'] as const) {
  for (const role of ['client', 'server'] as const) {
    t.test(`${kind}: hashicorp/yamux as ${role} opens the streams`, async (t) => {
      const { end, peer } = await withGo(t, kind, role, 'drive')
      const { code } = await within('go-yamux to end', peer.exit, 60_000)
      t.same(
        peer.out,
        GO_CHECKS.map((name) => `ok ${name}`),
      )
      t.equal(code, 0)
      await within('our end to close', end.closed)
      t.equal(end.session.streamCount, 0)
    })

    t.test(`${kind}: hashicorp/yamux as ${role} serves the streams`, async (t) => {
      const { end, peer } = await withGo(t, kind, role, 'respond')
      await drive(t, end)
      end.session.close()
      await within('our end to close', end.closed)
      t.same(await within('go-yamux to end', peer.exit), { code: 0, signal: null })
    })

    t.test(`${kind}: src/wire as ${role} serves the streams of src/wire`, async (t) => {
      const way = await transport(t, kind)
      const accepted = way.accepted()
      const dialled = await way.dial()
      const serving = sessionEnd(role, [dialled], {}, new Responder())
      const driving = sessionEnd(other(role), [await accepted])
      await drive(t, driving)
      driving.session.close()
      t.equal(await within('the driver to close', driving.closed), null)
      t.equal(await within('the responder to close', serving.closed), null)
    })
  }
}

t.test('streams that hashicorp/yamux refuses are reset, the others are not', async (t) => {
  const { end } = await withGo(t, 'tcp', 'server', 'hold')
  const outcomes: Promise<string>[] = []
  for (let i = 0; i < 3; i++) {
    const stream = end.session.open()
    outcomes.push(
      new Promise((resolve) => {
        const onClose = (error: Error | null) =>
          resolve(error === null ? 'closed' : (error as Error & { code: string }).code)
        stream.attach({ onData() {}, onEnd() {}, onWritable() {}, onClose })
      }),
    )
    stream.write(Buffer.from('anybody there?'))
  }
  t.equal(await within('the second stream', outcomes[1]!), 'UR_WIRE_RESET', 'its backlog holds one')
  t.equal(await within('the third stream', outcomes[2]!), 'UR_WIRE_RESET')
  t.equal(end.session.streamCount, 1)
  await end.session.carriers[0]!.ping()
  end.session.destroy(new Error('enough'))
  t.equal(await outcomes[0]!, 'UR_WIRE_CARRIER_LOST')
})
