import t from 'tap'
import { histories } from '../support/simulation/histories.js'

t.test('3,000 histories of a session and its carriers', (t) => histories(t, { seed: 1, count: 3_000 }))
