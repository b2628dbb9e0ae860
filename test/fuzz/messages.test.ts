import t from 'tap'
import { fuzz } from '../support/fuzz.js'
import { messagesTarget } from '../support/fuzz-targets/messages.js'

t.test('20,000 inputs', (t) => fuzz(t, messagesTarget, { seed: 1, inputs: 20_000 }))
