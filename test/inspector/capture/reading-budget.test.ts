import t from 'tap'
import { ReadingBudget } from '../../../src/inspector/capture/reading-budget.js'

t.test('a fifth of a second at once, and 2 % of a processor over time', async (t) => {
  const budget = new ReadingBudget(1_000)
  budget.spend(199)
  t.notOk(budget.isSpent(1_000))
  budget.spend(1)
  t.ok(budget.isSpent(1_000))
  budget.spend(30)
  t.ok(budget.isSpent(2_500), '30 ms take 1,500 ms to come again')
  t.notOk(budget.isSpent(2_501))
})

t.test('rest is saved up to the burst', async (t) => {
  const budget = new ReadingBudget(0)
  t.notOk(budget.isSpent(3_600_000))
  budget.spend(200)
  t.ok(budget.isSpent(3_600_000))
})

t.test('of a flood that goes on as much is read as the share allows', async (t) => {
  const budget = new ReadingBudget(0)
  let readMs = 0
  for (let ms = 0; ms < 60_000; ms++) {
    if (budget.isSpent(ms)) continue
    budget.spend(0.9)
    readMs += 0.9
  }
  t.ok(Math.abs(readMs - (200 + 0.02 * 60_000)) < 10, `${readMs} ms of a minute`)
})
