import t from 'tap'
import { Propagation, type PropagationOptions } from '../../../src/certs/dns/propagation.js'
import { eventually } from '../../support/hang.js'
import { Knot } from '../../support/knot.js'
import { RecordedLog } from '../../support/log.js'
import { knots, lookupAt, signal, zoneHead } from './support.js'

const NAME = '_acme-challenge.example.org'

t.test('a name server that is late, one that is silent, one that is not there', async (t) => {
  const { port, made } = await knots(t, 2, { 'example.org': zoneHead(3) })
  const [first, second] = [made[0]!, made[1]!]
  const log = new RecordedLog()
  const propagation = (given: Partial<PropagationOptions> = {}) =>
    new Propagation({
      lookup: lookupAt(port, 300),
      alsoAsk: [],
      deadlineMs: 20_000,
      silenceMs: 500,
      intervalMs: 50,
      port,
      log,
      ...given,
    })
  const set = (knot: typeof first, ...values: string[]) =>
    knot.change('example.org', `${zoneHead(3)}${values.map((value) => `_acme-challenge TXT "${value}"`).join('\n')}`)

  await set(first, 'other', 'value')
  await set(second, 'other')
  let isDone = false
  const asked = await second.queries('udp4')
  const late = propagation({ silenceMs: 1 })
    .wait(NAME, 'value', signal)
    .then(() => (isDone = true))
  await eventually('the second name server to be asked eight times', async () => {
    if ((await second.queries('udp4')) < asked + 8) throw new Error('not yet')
  })
  t.notOk(isDone, 'one of the name servers does not have it')
  await set(second, 'other', 'value')
  await late
  t.match(
    log.lines.filter(({ level }) => level === 'warn'),
    [{ fields: { name: NAME, name_server: 'ns3.example.org', address: `127.0.0.3:${port}` } }],
  )

  await t.rejects(propagation({ deadlineMs: 400 }).wait(NAME, 'missing', signal), {
    code: 'UR_DNS_PROPAGATION',
    message: new RegExp(
      `not everywhere after 400 ms: ns1\\.example\\.org \\(127\\.0\\.0\\.1:${port}\\) has other TXT records there; ` +
        `ns2\\.\\S+ \\(127\\.0\\.0\\.2:${port}\\) has other TXT records there; ns3\\.\\S+: 127\\.0\\.0\\.3:${port}: nothing answers`,
    ),
  })
  await t.rejects(propagation({ deadlineMs: 400 }).wait(`x.${NAME}`, 'missing', signal), {
    message: /ns1\S* \(\S+\) has no TXT record there/,
  })
  await t.rejects(propagation({ deadlineMs: 400 }).wait('_acme-challenge.example.net', 'v', signal), {
    code: 'UR_DNS_PROPAGATION',
    message: /asked for _acme-challenge\.example\.net: 127\.0\.0\.1:\d+ answered REFUSED/,
  })

  await second.freeze()
  log.lines.length = 0
  await propagation().wait(NAME, 'value', signal)
  t.match(log.with('a name server does not answer; the record is on all others'), [
    { fields: { name_server: 'ns2.example.org', said: /did not answer within 300 ms/ } },
    { fields: { name_server: 'ns3.example.org' } },
  ])
  second.wake()

  const stopped = new AbortController()
  const reason = new Error('stopped')
  const waiting = propagation().wait(NAME, 'missing', stopped.signal)
  setTimeout(() => stopped.abort(reason), 20)
  await t.rejects(waiting, reason)

  const alsoAsk = [{ host: '127.0.0.2', port }]
  await set(second, 'other')
  const both = propagation({ alsoAsk, deadlineMs: 400 }).wait(NAME, 'value', signal)
  await t.rejects(both, { message: /the resolver \(127\.0\.0\.2:\d+\) has other TXT records/ })
})

t.test('a name server that does not serve the zone', async (t) => {
  const { port } = await knots(t, 1, { 'example.org': `${zoneHead(2)}_acme-challenge TXT "value"` })
  await Knot.start(t, { 'example.net': '' }, { address: '127.0.0.2', port })
  const log = new RecordedLog()
  const options = { alsoAsk: [], deadlineMs: 20_000, silenceMs: 100, intervalMs: 50, port, log }
  await new Propagation({ ...options, lookup: lookupAt(port) }).wait(NAME, 'value', signal)
  t.match(log.lines, [{ level: 'warn', fields: { name_server: 'ns2.example.org', said: 'answers REFUSED' } }])
})
