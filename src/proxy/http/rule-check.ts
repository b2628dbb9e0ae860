import { type Refusal, type VisitorRules, WebhookCheck } from '../../access/visitor-rules/index.js'
import type { RequestHead } from './api.js'
import type { Sender } from './sender.js'

/** Told once what the rules say. Null: the request may pass; or a refusal; or that they could not be asked. */
type Verdict = (verdict: Refusal | Error | null) => void

/** Gives the body to a check, and tells what came of it. */
type Collect = (check: WebhookCheck, collected: (refusal: Refusal | null) => void) => void

/** Asks the rules of tunnels about one request. */
export class RuleCheck {
  readonly #head: RequestHead
  readonly #sender: Sender
  readonly #collect: Collect
  /** Those that let it pass last. */
  #passed: VisitorRules | undefined
  #over = false

  constructor(head: RequestHead, sender: Sender, collect: Collect) {
    this.#head = head
    this.#sender = sender
    this.#collect = collect
  }

  /** Whether they let it pass already: a request that is sent again counts once. */
  hasPassed(rules: VisitorRules): boolean {
    return this.#passed === rules
  }

  /** Asks for a verdict: told at once or, when a password or the body has to be looked at, later; never after `stop`. */
  ask(rules: VisitorRules, verdict: Verdict): void {
    const done: Verdict = (result) => {
      if (this.#over) return
      if (result === null) this.#passed = rules
      verdict(result)
    }
    const onHead = (refusal: Refusal | null): void => {
      if (this.#over) return
      if (refusal === null) this.#askOfBody(rules, done)
      else done(refusal)
    }
    const uncertified = rules.certificate(this.#sender.certificate)
    if (uncertified !== null) return done(uncertified)
    const answer = rules.check(this.#head.headers, this.#sender.visitor.address, this.#passed)
    if (answer instanceof Promise) answer.then(onHead, (error: unknown) => done(error as Error))
    else onHead(answer)
  }

  /** The request is over. */
  stop(): void {
    this.#over = true
  }

  #askOfBody(rules: VisitorRules, done: Verdict): void {
    const { scheme, authority } = this.#sender
    const { headers: fields, target } = this.#head
    const begun = rules.webhook({ fields, url: `${scheme}://${authority}${target}` }, this.#passed)
    if (begun instanceof WebhookCheck) this.#collect(begun, done)
    else done(begun)
  }
}
