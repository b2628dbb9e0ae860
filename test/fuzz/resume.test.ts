import t from 'tap'
import { fuzz } from '../support/fuzz.js'
import { replayTarget, resumeTarget } from '../support/fuzz-targets/resume.js'

for (const target of [resumeTarget, replayTarget]) {
  t.test(`${target.name}: 5,000 inputs`, (t) => fuzz(t, target, { seed: 1, inputs: 5_000 }))
}
