import { IssueError } from '../issue-error.js'
import type { Account } from './account.js'
import type { Asked, Caller } from './caller.js'
import { orderShape, type Order } from './messages.js'
import { isProblem, problemError } from './problems.js'
import { Proofs, type ProofOptions } from './proofs.js'
import type { Answer } from './transport.js'

/** How often an order that stays ready is finalized. */
const MAX_FINALIZED = 3

const NOT_ABOUT_OLD = ['accountDoesNotExist', 'rateLimited', 'rejectedIdentifier', 'userActionRequired']

export interface OrderRequest {
  readonly names: readonly string[]
  /** Identifies the certificate that this one takes the place of (RFC 9773 §4.1); null: none. */
  readonly replaces: string | null
  /** The CSR as DER, base64url. */
  readonly csr: string
}

/** A piece of work with an authority. */
export interface OrderContext extends ProofOptions {
  readonly caller: Caller
  readonly account: Account
  readonly signal: AbortSignal
}

/**
 * Orders a certificate, proves its names and fetches it (RFC 8555 §7.4): its chain (PEM), with the links to others.
 * Throws IssueError, what the solver threw, and what the signal was aborted with.
 */
export async function placeOrder(request: OrderRequest, context: OrderContext): Promise<Answer> {
  const { caller, account, signal } = context
  const { names } = request
  const asked = { tried: `a certificate for ${names.join(', ')}`, host: names.length === 1 ? (names[0] ?? null) : null }
  const { url, order } = await openOrder(request, context, asked)
  const proofs = new Proofs(caller, context, signal)
  try {
    if (order.status === 'pending') await proofs.prove(order.authorizations)
    const certificate = await finish(url, order, request.csr, context, asked)
    return await caller.post(certificate, null, asked)
  } catch (error) {
    await proofs.giveBack(account)
    throw error
  }
}

interface OpenOrder {
  readonly url: string
  readonly order: Order
}

async function openOrder({ names, replaces }: OrderRequest, context: OrderContext, asked: Asked): Promise<OpenOrder> {
  const { caller, log } = context
  const identifiers = names.map((value) => ({ type: 'dns', value }))
  const open = async (payload: object): Promise<OpenOrder> => {
    const answer = await caller.post(caller.directory.newOrder, payload, asked)
    const { location } = answer.headers
    if (location === undefined) throw caller.failure('UR_ACME_ANSWER', asked, 'no address of the order came back')
    return { url: location, order: caller.shaped(orderShape, answer, asked) }
  }
  if (replaces === null || caller.directory.renewalInfo === undefined) return open({ identifiers })
  try {
    return await open({ identifiers, replaces })
  } catch (error) {
    if (!mayBeAboutOld(error)) throw error
    log.info({ names, reason: error.detail }, 'the authority does not take the old certificate as the one replaced')
    return open({ identifiers })
  }
}

/**
 * What an authority does not want to see replaced (RFC 9773 §5) it may well issue. It says so in many ways:
 * alreadyReplaced, malformed, unauthorized when another account has it, not found when another authority issued it.
 */
function mayBeAboutOld(error: unknown): error is IssueError {
  if (!(error instanceof IssueError) || isProblem(error, ...NOT_ABOUT_OLD)) return false
  return error.status !== null && error.status >= 400 && error.status < 500 && error.status !== 429
}

/** Goes on from any state until the certificate is there; resolves with its URL. */
async function finish(url: string, first: Order, csr: string, context: OrderContext, asked: Asked): Promise<string> {
  const { caller, directory } = context
  let finalized = 0
  let order = first
  const isDone = ({ status }: Order): boolean => status !== 'pending' && status !== 'processing'
  for (;;) {
    if (order.status === 'valid') {
      if (order.certificate !== undefined) return order.certificate
      throw caller.failure('UR_ACME_ANSWER', asked, 'the order is valid and has no certificate')
    }
    if (order.status === 'invalid') {
      const problem = order.error ?? { detail: 'the order is invalid' }
      throw problemError(problem, { ...asked, directory, isProof: true })
    }
    if (order.status === 'ready' && finalized++ < MAX_FINALIZED) {
      order = await finalize(order, csr, caller, asked)
      if (order.status === 'valid') continue
    }
    if (finalized > MAX_FINALIZED) throw caller.failure('UR_ACME_ANSWER', asked, 'the order stays ready')
    order = await caller.poll(orderShape, url, asked, isDone)
  }
}

async function finalize(order: Order, csr: string, caller: Caller, asked: Asked): Promise<Order> {
  try {
    return await caller.ask(orderShape, order.finalize, { csr }, asked)
  } catch (error) {
    // It is busy with it, or will say what it wants when it is asked for the order.
    if (isProblem(error, 'orderNotReady')) return { ...order, status: 'processing' }
    throw error
  }
}
