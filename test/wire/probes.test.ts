import t from 'tap'
import { FLAG_ACK, FLAG_SYN } from '../../src/wire/frame.js'
import { Probes } from '../../src/wire/probes.js'

/** Probes of a carrier that counts what they do; a ping is 12 bytes that are written. */
function probed() {
  const sent: [number, number][] = []
  const arrived: number[] = []
  const quiet: number[] = []
  const egress = { written: 0 }
  const carrier = {
    egress,
    closed: false,
    bytesIn: 0,
    sendPing(flags: number, id: number) {
      egress.written += 12
      sent.push([flags, id])
    },
    onArrived: (offset: number) => arrived.push(offset),
    onQuietRoundTrip: (rtt: number) => quiet.push(rtt),
  }
  const clock = { at: 0, now: () => clock.at }
  return { probes: new Probes(carrier, clock), carrier, egress, sent, arrived, quiet, clock }
}

t.test('an answer tells that all has arrived that was written before its ping', async (t) => {
  const { probes, egress, sent, arrived, clock, quiet } = probed()
  egress.written = 1_000
  probes.probe()
  egress.written += 500
  t.equal(probes.unacknowledged, 1_512)
  clock.at = 30
  probes.onPing(FLAG_ACK, sent[0]![1])
  t.same([arrived, probes.unacknowledged, probes.rtt, probes.leastRtt, quiet], [[1_000], 512, 30, 30, [30]])
})

t.test('one probe at a time, and none too soon; who had to wait is sent later', async (t) => {
  const { probes, sent, egress, clock } = probed()
  probes.probe()
  probes.probe()
  t.equal(sent.length, 1)
  clock.at = 4
  probes.onPing(FLAG_ACK, sent[0]![1])
  probes.probeIfWanted()
  t.equal(sent.length, 1, 'within 5 ms of the last one')
  clock.at = 5
  probes.probeIfWanted()
  t.equal(sent.length, 2)
  probes.probe()
  clock.at = 10
  probes.onPing(FLAG_ACK, sent[1]![1])
  t.equal(sent.length, 3, 'with the answer itself')
  probes.onPing(FLAG_ACK, sent[2]![1])
  probes.probeIfWanted()
  t.equal(sent.length, 3, 'nobody waits')
  clock.at = 30
  egress.written += 64 * 1024 - 13
  probes.probeIfDue()
  t.equal(sent.length, 3)
  egress.written += 1
  probes.probeIfDue()
  t.equal(sent.length, 4)
})

t.test('pings themselves are nothing to wait for', async (t) => {
  const { probes, sent, egress } = probed()
  t.notOk(probes.awaitsArrival)
  probes.probe()
  probes.onPing(FLAG_SYN, 77)
  t.same(sent[1], [FLAG_ACK, 77])
  t.notOk(probes.awaitsArrival)
  egress.written += 1
  t.ok(probes.awaitsArrival)
})

t.test('answers to nothing, answers twice, and old ones', async (t) => {
  const { probes, sent, arrived, egress, clock } = probed()
  probes.onPing(FLAG_ACK, 99)
  egress.written = 100
  probes.probe()
  probes.onPing(FLAG_ACK, sent[0]![1])
  probes.onPing(FLAG_ACK, sent[0]![1])
  t.same(arrived, [100])
  clock.at = 50
  const waiting = probes.ping()
  egress.written += 100
  clock.at = 60
  probes.onPing(FLAG_ACK, sent[1]![1])
  t.equal(await waiting, 10)
  t.same(arrived, [100], "somebody's ping is no probe")
})

t.test('a round trip on a carrier that brought much says nothing of the path', async (t) => {
  const { probes, sent, quiet, carrier } = probed()
  probes.probe()
  carrier.bytesIn = 40 * 1024
  probes.onPing(FLAG_ACK, sent[0]![1])
  t.same(quiet, [])
})

t.test('a carrier that is closed is not probed, and who waits is told', async (t) => {
  const { probes, sent, carrier } = probed()
  const waiting = probes.ping()
  carrier.closed = true
  probes.close(new Error('gone'))
  probes.probe()
  t.equal(sent.length, 1)
  await t.rejects(waiting, { message: 'gone' })
})

t.test('a ping behind bulk, or beside it, is no quiet one', async (t) => {
  const { probes, carrier, egress, sent, quiet, clock } = probed()
  egress.written = 40_000
  probes.probe()
  clock.at = 300
  probes.onPing(FLAG_ACK, sent[0]![1])
  t.same(quiet, [], 'it waited behind what was sent before')
  probes.probe()
  carrier.bytesIn = 40_000
  clock.at = 400
  probes.onPing(FLAG_ACK, sent[1]![1])
  t.same(quiet, [], 'its answer waited behind what came')
  probes.probe()
  clock.at = 450
  probes.onPing(FLAG_ACK, sent[2]![1])
  t.same(quiet, [50])
})
