import { once } from 'node:events'
import t from 'tap'
import { giveBack, Intake, Slab } from '../../src/wire/index.js'
import { BULK, LARGE_BULK, lend, SlabPool } from '../../src/wire/slab.js'
import { within } from '../support/hang.js'
import { memoryInUse } from '../support/memory.js'
import { sessionPair, socketPair } from '../support/wire-pair.js'

t.test('a slab is read into again only when nothing more is read into it and every byte came back', async (t) => {
  const pool = new SlabPool(100, 1)
  const slab = pool.take()
  const slice = Buffer.from(slab)
  t.equal(Slab.of(slice.subarray(10, 20)), slab)
  t.equal(Slab.of(Buffer.alloc(10)), null)
  lend(slice, 60)
  lend(slice.subarray(60), 40)
  giveBack(slice, 60)
  t.not(pool.take(), slab)
  slab.full()
  t.not(pool.take(), slab, '40 bytes are out')
  giveBack(slice, 40)
  t.equal(pool.take(), slab)
  slab.full()
  t.equal(pool.take(), slab, 'nothing was lent')
})

t.test('memory that is no slab is nobody’s loan', async (t) => {
  const plain = Buffer.alloc(10)
  lend(plain, 10)
  giveBack(plain, 10)
  t.same([...plain], Array(10).fill(0))
})

t.test('what a burst leaves over is used by the next one, and left to the collector', async (t) => {
  const pool = new SlabPool(1024, 1)
  const burst = (): WeakRef<Slab>[] => {
    const slabs = Array.from({ length: 3 }, () => pool.take())
    for (const slab of slabs) slab.full()
    for (const slab of slabs) slab.full()
    return slabs.map((slab) => new WeakRef(slab))
  }
  const alive = (all: WeakRef<Slab>[]): number => all.filter((each) => each.deref() !== undefined).length
  const first = burst()
  const again = burst()
  t.same(new Set(again.map((each) => each.deref())), new Set(first.map((each) => each.deref())))
  await new Promise(setImmediate)
  memoryInUse()
  t.equal(alive(first), 1, 'one is kept')
  const kept = first.find((each) => each.deref() !== undefined)?.deref()
  t.equal(pool.take(), kept)
  t.not(pool.take(), kept)
})

t.test('what an Intake lends comes back to be read into again', async (t) => {
  const [sender, receiver] = await socketPair()
  const seen = new Set<ArrayBufferLike>()
  let owned = 0
  const intake = new Intake(receiver, {
    onBorrowed: () => true,
    onOwned(slab, start, end) {
      owned++
      seen.add(slab.buffer)
      giveBack(slab, end - start)
      return true
    },
  })
  intake.start()
  const ended = once(receiver, 'end')
  sender.end(Buffer.alloc(20_000_000))
  await ended
  t.ok(owned > 50, `${owned} reads`)
  t.ok(seen.size < 10, `into ${seen.size} slabs`)
  receiver.destroy()
})

t.test('a socket that is half open after a bulk transfer holds no slab', async (t) => {
  const [sender, receiver] = await socketPair()
  let last: WeakRef<ArrayBufferLike> | null = null
  const free = new Set<unknown>()
  const intake = new Intake(receiver, {
    onBorrowed: () => true,
    onOwned(slab, start, end) {
      last = new WeakRef(slab.buffer)
      giveBack(slab, end - start)
      return true
    },
  })
  intake.start()
  const ended = once(receiver, 'end')
  sender.end(Buffer.alloc(2_000_000))
  await ended
  for (const pool of [BULK, LARGE_BULK]) for (let i = 0; i < 100; i++) free.add(pool.take())
  t.ok(free.has(last!.deref()), 'the slab that was read into last may be used by others')
  t.notOk(receiver.destroyed)
  receiver.destroy()
  sender.destroy()
})

t.test('streams whose bytes are kept for a while do not see them change, and most memory is used again', async (t) => {
  const { client, server } = await sessionPair()
  t.teardown(() => {
    client.session.destroy(new Error('test over'))
    server.session.destroy(new Error('test over'))
  })
  const perStream = 8 * 1024 * 1024
  const slabs = new Set<ArrayBufferLike>()
  let slices = 0
  let wrong = 0
  const all = Array.from({ length: 4 }, async (_, index) => {
    const stream = client.session.open()
    let sent = 0
    const chunk = Buffer.alloc(64 * 1024, index + 1)
    const send = (): void => {
      while (sent < perStream) {
        sent += chunk.length
        if (!stream.write(Buffer.from(chunk))) return
      }
      stream.end()
    }
    stream.attach({ onData: () => undefined, onEnd: () => undefined, onWritable: send, onClose: () => undefined })
    send()
    const accepted = await within('the stream', server.nextStream())
    await new Promise<void>((resolve) => {
      let got = 0
      let value = 0
      accepted.attach({
        onData(slice) {
          slices++
          if (Slab.of(slice) !== null) slabs.add(slice.buffer)
          value ||= slice[0] ?? 0
          // Held for some turns of the event loop, as by a socket that is slow; then looked at and given back.
          let turns = slices % 7
          const letGo = (): void => {
            if (turns-- > 0) return void setImmediate(letGo)
            if (slice.some((byte) => byte !== value)) wrong++
            giveBack(slice, slice.length)
            accepted.consumed(slice.length)
            got += slice.length
            if (got === perStream) resolve()
          }
          letGo()
        },
        onEnd: () => accepted.end(),
        onWritable: () => undefined,
        onClose: () => undefined,
      })
    })
  })
  await within('all bytes', Promise.all(all))
  t.equal(wrong, 0)
  t.ok(
    slabs.size > 0 && slabs.size < 80,
    `${slices} slices in ${slabs.size} slabs, of ${(4 * perStream) >> 16} of 64 KiB`,
  )
})
