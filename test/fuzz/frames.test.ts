import t from 'tap'
import { fuzz } from '../support/fuzz.js'
import { frameParserTarget } from '../support/fuzz-targets/frames.js'

t.test('20,000 inputs', (t) => fuzz(t, frameParserTarget, { seed: 1, inputs: 20_000 }))
