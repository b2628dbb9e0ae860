import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { FolderLeases } from '../../../src/certs/folder/leases.js'
import { underLease } from '../../../src/certs/lease.js'
import { eventually, within } from '../../support/hang.js'

const NAME = 'certificate shop.example.com'

t.test('one holds it, beats, and gives it back', async (t) => {
  const folder = t.testdir()
  const leases = await FolderLeases.open(folder)
  t.equal(await leases.take(NAME, 'one'), null)
  const state = await leases.take(NAME, 'two')
  t.match(state, { holder: 'one' })
  t.equal(await leases.beat(NAME, 'two'), false)
  await eventually('another beat', async () => {
    t.equal(await leases.beat(NAME, 'one'), true)
    if ((await leases.take(NAME, 'two'))?.beat === state?.beat) throw new Error('the clock has not moved')
  })
  await leases.free(NAME, 'two')
  t.match(await leases.take(NAME, 'two'), { holder: 'one' }, 'nobody gives back what another has')
  await leases.free(NAME, 'one')
  t.equal(await leases.take(NAME, 'two'), null)
  t.equal(await leases.beat(NAME, 'one'), false)
  t.equal((await readdir(join(folder, 'locks'))).length, 1, 'nothing else is left')
})

t.test('of many that take over from a dead one, one does', async (t) => {
  const leases = await FolderLeases.open(t.testdir())
  await leases.take(NAME, 'dead')
  const dead = await leases.take(NAME, 'other')
  const all = Array.from({ length: 20 }, (_, i) => leases.take(NAME, `heir ${i}`, dead))
  const taken = (await Promise.all(all)).filter((state) => state === null)
  t.equal(taken.length, 1)
  const state = await leases.take(NAME, 'late', dead)
  t.match(state?.holder, /^heir/, 'and whoever looked before does not take it from him')
})

t.test('work is done by one at a time, and goes on after a holder that was killed', async (t) => {
  const leases = await FolderLeases.open(t.testdir())
  await leases.take(NAME, 'killed')
  const { signal } = new AbortController()
  let atOnce = 0
  let most = 0
  const work = async (): Promise<void> => {
    most = Math.max(most, ++atOnce)
    await new Promise((resolve) => setTimeout(resolve, 5))
    atOnce--
  }
  const all = Array.from({ length: 8 }, (_, i) =>
    underLease({ leases, holder: `worker ${i}`, beatMs: 20 }, NAME, signal, work),
  )
  await within('all of them', Promise.all(all))
  t.equal(most, 1)
})

t.test('a folder that cannot be', async (t) => {
  const folder = t.testdir({ file: '' })
  await t.rejects(FolderLeases.open(join(folder, 'file')), { code: 'UR_STATE_FOLDER', message: /--state-dir/ })
})
