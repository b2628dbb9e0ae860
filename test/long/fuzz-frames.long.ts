import t from 'tap'
import { fuzz } from '../support/fuzz.js'
import { frameParserTarget } from '../support/fuzz-targets/frames.js'

t.test('1,000,000 inputs', { timeout: 1_200_000 }, (t) => fuzz(t, frameParserTarget, { seed: 2, inputs: 1_000_000 }))
