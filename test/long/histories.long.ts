import t from 'tap'
import { histories } from '../support/simulation/histories.js'

t.test('1,000,000 histories of a session and its carriers', { timeout: 1_800_000 }, (t) =>
  histories(t, { seed: 1_000_000, count: 1_000_000 }),
)
