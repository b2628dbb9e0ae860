import t from 'tap'
import { histories, relive } from '../support/simulation/histories.js'

t.test('3,000 histories of a session and its carriers', (t) => histories(t, { seed: 1, count: 3_000 }))

// What longer runs have found.
t.test('a lane whose room was taken by a replay while it waited for its turn asks for more', (t) =>
  relive(t, 1_056_081),
)
