import t from 'tap'
import { fuzz } from '../support/fuzz.js'
import { replayTarget, resumeTarget } from '../support/fuzz-targets/resume.js'

for (const target of [resumeTarget, replayTarget]) {
  t.test(`${target.name}: 500,000 inputs`, { timeout: 1_800_000 }, (t) => fuzz(t, target, { seed: 2, inputs: 500_000 }))
}
