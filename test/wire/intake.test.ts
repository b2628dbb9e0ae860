import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { HEADROOM, Intake } from '../../src/wire/index.js'
import { socketPair } from '../support/wire-pair.js'

t.test('bytes arrive in order whatever their size, and owned slabs are never written again', async (t) => {
  const [sender, receiver] = await socketPair()
  const sent = createHash('sha256')
  const got = createHash('sha256')
  const kept: { slice: Buffer; digest: string }[] = []
  let borrowed = 0
  const intake = new Intake(receiver, {
    onBorrowed(slab, start, end) {
      borrowed++
      got.update(slab.subarray(start, end))
      return true
    },
    onOwned(slab, start, end) {
      t.ok(start >= HEADROOM)
      slab.fill(0xff, start - HEADROOM, start)
      const slice = slab.subarray(start, end)
      got.update(slice)
      if (kept.length < 200) kept.push({ slice, digest: createHash('sha256').update(slice).digest('hex') })
      return true
    },
  })
  intake.start()
  const ended = once(receiver, 'end')
  for (let i = 0; i < 400; i++) {
    const chunk = randomBytes(i % 4 === 0 ? 1 + (i % 50) : 100_000 + i)
    sent.update(chunk)
    if (!sender.write(chunk)) await once(sender, 'drain')
  }
  sender.end()
  await ended
  t.equal(got.digest('hex'), sent.digest('hex'))
  t.ok(kept.length > 20, `${kept.length} owned slabs`)
  t.ok(borrowed > 0)
  t.equal(kept.filter(({ slice, digest }) => createHash('sha256').update(slice).digest('hex') !== digest).length, 0)
  receiver.destroy()
})

t.test('two sockets share the quiet slab and do not see each other', async (t) => {
  const pairs = [await socketPair(), await socketPair()]
  const texts = ['', '']
  const done = pairs.map(([sender, receiver], i) => {
    new Intake(receiver, {
      onBorrowed(slab, start, end) {
        texts[i] += slab.toString('latin1', start, end)
        return true
      },
      onOwned: () => true,
    }).start()
    for (let n = 0; n < 100; n++) sender.write(String(i).repeat(10))
    sender.end()
    return once(receiver, 'end')
  })
  await Promise.all(done)
  t.same(texts, ['0'.repeat(1000), '1'.repeat(1000)])
  for (const [, receiver] of pairs) receiver.destroy()
})

t.test('a sink that says no is left alone until resume', async (t) => {
  const [sender, receiver] = await socketPair()
  let calls = 0
  let total = 0
  const intake = new Intake(receiver, {
    onBorrowed: (_slab, start, end) => (calls++, (total += end - start), false),
    onOwned: (_slab, start, end) => (calls++, (total += end - start), false),
  })
  intake.start()
  const size = 5_000_000
  sender.end(Buffer.alloc(size))
  const ended = once(receiver, 'end')
  while (calls === 0) await new Promise(setImmediate)
  for (let i = 0; i < 50; i++) await new Promise(setImmediate)
  t.equal(calls, 1, 'paused after one read')
  const again = setInterval(() => intake.resume(), 1)
  await ended
  clearInterval(again)
  t.equal(total, size)
  receiver.destroy()
})

t.test('bytes given back by unshift come first', async (t) => {
  const [sender, receiver] = await socketPair()
  sender.write('head')
  receiver.once('data', (chunk: Buffer) => {
    receiver.pause()
    receiver.unshift(chunk)
    let text = ''
    new Intake(receiver, {
      onBorrowed: (slab, start, end) => ((text += slab.toString('latin1', start, end)), true),
      onOwned: () => true,
    }).start()
    receiver.on('end', () => receiver.emit('told', text))
    sender.end(' and the rest')
  })
  receiver.resume()
  const [text] = (await once(receiver, 'told')) as [string]
  t.equal(text, 'head and the rest')
  receiver.destroy()
})

t.test('this Node version has the fast way, so the fallback is not what the others measure', async (t) => {
  const [sender, receiver] = await socketPair()
  const named = Object.getOwnPropertySymbols(receiver).map(({ description }) => description)
  for (const name of ['kBuffer', 'kBufferCb', 'kBufferGen']) t.ok(named.includes(name), name)
  sender.destroy()
  receiver.destroy()
})

t.test('where Node hides its onread buffers, data events serve', async (t) => {
  const [sender, receiver] = await socketPair()
  Object.defineProperty((receiver as unknown as { _handle: object })._handle, 'useUserBuffer', { value: undefined })
  let size = 0
  const intake = new Intake(receiver, {
    onBorrowed(_slab, start, end) {
      size += end - start
      queueMicrotask(() => intake.resume())
      return false
    },
    onOwned: () => true,
  })
  intake.start()
  const file = readFileSync(process.execPath).subarray(0, 3_000_000)
  sender.end(file)
  await once(receiver, 'end')
  t.equal(size, file.length)
  receiver.destroy()
})

for (const fast of [true, false]) {
  t.test(
    `a socket that is released is read by events again, ${fast ? 'onread' : 'where there is no onread'}`,
    async (t) => {
      const [sender, receiver] = await socketPair()
      if (!fast)
        Object.defineProperty((receiver as unknown as { _handle: object })._handle, 'useUserBuffer', {
          value: undefined,
        })
      const first = new Promise<string>((resolve) => {
        const intake = new Intake(receiver, {
          onBorrowed(slab, start, end) {
            intake.release()
            receiver.pause()
            resolve(slab.toString('latin1', start, end))
            return true
          },
          onOwned: () => true,
        })
        intake.start()
      })
      sender.write('first')
      t.equal(await first, 'first')
      const rest = randomBytes(3_000_000)
      sender.end(rest)
      for (let i = 0; i < 50; i++) await new Promise(setImmediate)
      t.ok(receiver.readableLength < 1_000_000, `${receiver.readableLength} bytes wait for a reader`)
      const got = createHash('sha256')
      for await (const chunk of receiver) got.update(chunk as Buffer)
      t.equal(got.digest('hex'), createHash('sha256').update(rest).digest('hex'))
    },
  )
}
