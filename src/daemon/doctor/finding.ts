/** One thing that was looked at. */
export interface DoctorFinding {
  readonly what: string
  /** What is wrong; null: it is as it should be. */
  readonly problem: string | null
  /** What to do, record by record; null: nothing. */
  readonly advice: string | null
}

/** It is as it should be. */
export function well(what: string): DoctorFinding {
  return { what, problem: null, advice: null }
}

export function wrong(what: string, problem: string, advice: string): DoctorFinding {
  return { what, problem, advice }
}
