import type { Challenge, ChallengeSolver, ChallengeType } from './challenge.js'

/** Several solvers as one: each kind of proof is shown by the first that has it for a name. */
export class Solvers implements ChallengeSolver {
  readonly #solvers: readonly ChallengeSolver[]

  /** The one whose proofs are best first. */
  constructor(solvers: readonly ChallengeSolver[]) {
    this.#solvers = solvers
  }

  kindsFor(name: string): readonly ChallengeType[] {
    return [...new Set(this.#solvers.flatMap((solver) => solver.kindsFor(name)))]
  }

  show(challenge: Challenge, signal: AbortSignal): Promise<void> {
    return this.#for(challenge).show(challenge, signal)
  }

  remove(challenge: Challenge): Promise<void> {
    return this.#for(challenge).remove(challenge)
  }

  #for({ type, name }: Challenge): ChallengeSolver {
    const solver = this.#solvers.find((each) => each.kindsFor(name).includes(type))
    if (!solver) throw new Error(`no solver shows ${type}`)
    return solver
  }
}
