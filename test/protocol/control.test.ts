import t, { type Test } from 'tap'
import { ControlChannel, type ControlOptions } from '../../src/protocol/control.js'
import { encodeDelimited } from '../../src/protocol/delimited.js'
import { Control, type ControlInit } from '../../src/protocol/messages.js'
import { Session, type Stream } from '../../src/wire/index.js'
import { within } from '../support/hang.js'
import { socketPair } from '../support/wire-pair.js'

/** What a channel told. */
class Heard {
  readonly messages: Control[] = []
  readonly closed: Promise<Error | null>
  readonly #waiting: (() => void)[] = []
  #onClose!: (error: Error | null) => void

  constructor() {
    this.closed = new Promise((resolve) => (this.#onClose = resolve))
  }

  readonly events = {
    onMessage: (message: Control): void => {
      this.messages.push(message)
      for (const resolve of this.#waiting.splice(0)) resolve()
    },
    onClose: (error: Error | null): void => this.#onClose(error),
  }

  async count(messages: number): Promise<void> {
    while (this.messages.length < messages) {
      await within(`${messages} messages`, new Promise<void>((resolve) => this.#waiting.push(resolve)))
    }
  }
}

/** A channel of an agent, and the stream that its server sees. */
async function channel(t: Test, options: ControlOptions = {}) {
  const [near, far] = await socketPair()
  let onStream!: (stream: Stream) => void
  const accepted = new Promise<Stream>((resolve) => (onStream = resolve))
  const agent = new Session('client', {}, { onStream: () => undefined, onClose: () => undefined })
  const server = new Session('server', {}, { onStream, onClose: () => undefined })
  t.teardown(() => agent.destroy(new Error('the test is over')))
  agent.addCarrier(near)
  server.addCarrier(far)
  const heard = new Heard()
  const control = new ControlChannel(agent.open(), heard.events, options)
  control.send({ unbind: { tunnelId: 0 } })
  const stream = await within('the control stream', accepted)
  return { control, heard, stream, agent }
}

const notice = (text: string): ControlInit => ({ notice: { text } })

t.test('messages go both ways, in order', async (t) => {
  const { control, heard, stream, agent } = await channel(t)
  t.equal(stream.id, 1)
  const other = new Heard()
  const back = new ControlChannel(stream, other.events)
  control.send({ bind: { request: 1, name: 'db', remotePort: 5 } })
  back.send({ bound: { request: 1, tunnelId: 9, publicUrl: 'tcp://x:5' } })
  back.send(notice('hi'))
  await Promise.all([other.count(2), heard.count(2)])
  t.match(other.messages, [{ unbind: {} }, { bind: { request: 1, name: 'db', remotePort: 5, preferredPort: 0 } }])
  t.match(heard.messages, [{ bound: { tunnelId: 9 } }, { notice: { text: 'hi', code: '' } }])
  control.end()
  t.equal(await within('its end', heard.closed), null)
  t.equal(await within('the other end', other.closed), null)
  t.equal(agent.streamCount, 0)
  t.doesNotThrow(() => control.send(notice('too late')))
})

t.test('messages of a newer peer are passed over', async (t) => {
  const { heard, stream } = await channel(t)
  stream.write(Buffer.concat([Buffer.from([3, 0x9a, 0x06, 0]), encodeDelimited(Control, notice('known'))]))
  await heard.count(1)
  t.match(heard.messages, [{ notice: { text: 'known' } }])
})

t.test('garbage closes the channel with a reason and resets the stream', async (t) => {
  for (const [bytes, code] of [
    [Buffer.from([3, 0x0a, 0x7f, 0]), 'UR_PROTOCOL_MESSAGE'],
    [Buffer.from([0xff, 0xff, 0x7f]), 'UR_PROTOCOL_TOO_LARGE'],
  ] as const) {
    const { heard, stream } = await channel(t)
    const other = new Heard()
    new ControlChannel(stream, other.events)
    stream.write(bytes)
    t.match(await within('the close', heard.closed), { code })
    t.match(await within('the reset', other.closed), { code: 'UR_WIRE_RESET' })
  }
})

t.test('a peer that does not read is given up at the bound', async (t) => {
  const { control, heard } = await channel(t, { maxQueuedBytes: 100_000 })
  let sent = 0
  while (!control.closed && sent < 10_000) {
    control.send(notice('x'.repeat(1000)))
    sent++
  }
  t.match(await within('the close', heard.closed), { code: 'UR_CONTROL_BACKLOG' })
  t.ok(sent * 1000 < 100_000 + 1024 * 1024, `after ${sent} messages`)
  t.equal(control.queuedBytes, 0)
})

t.test('a peer that sends without end is given up', async (t) => {
  let now = 0
  const { heard, stream } = await channel(t, { maxMessagesPerSecond: 10, clock: { now: () => now } })
  const burst = Buffer.concat(Array.from({ length: 40 }, () => encodeDelimited(Control, notice('!'))))
  stream.write(Buffer.from(burst))
  await heard.count(40)
  now = 1000
  stream.write(burst.subarray(0, burst.length / 4))
  await heard.count(50)
  stream.write(encodeDelimited(Control, notice('one too many')))
  t.match(await within('the close', heard.closed), { code: 'UR_CONTROL_FLOOD' })
  t.equal(heard.messages.length, 50)
})

t.test('what waits is sent before the end', async (t) => {
  const { control, stream } = await channel(t)
  const COUNT = 600
  for (let i = 0; i < COUNT; i++) control.send(notice(`${i} ${'x'.repeat(1000)}`))
  control.end()
  t.ok(control.queuedBytes > 0, 'it did not fit at once')
  const other = new Heard()
  new ControlChannel(stream, other.events)
  await other.count(COUNT + 1)
  t.equal(await within('the close', other.closed), null)
  t.ok(other.messages.slice(1).every((message, i) => message.notice?.text.startsWith(`${i} `)))
})
