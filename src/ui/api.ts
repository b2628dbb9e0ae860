import type { ProblemBody } from '../inspector/contract.js'

/** The API stands beside the pages. */
export const API = '/api/inspect'

/** An answer of the API that is not what was asked for; the message is for the reader. */
export class ApiProblem extends Error {
  /** Null: there was no answer. */
  readonly status: number | null
  readonly code: string

  constructor(message: string, status: number | null, code = '') {
    super(message)
    this.status = status
    this.code = code
  }
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

/** Asks the API; rejects with an `ApiProblem`, or as `signal` says. */
export async function ask(method: Method, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
  return send(method, path, body === undefined ? undefined : JSON.stringify(body), signal)
}

/** @param text JSON, as it is */
async function send(method: Method, path: string, text?: string, signal?: AbortSignal): Promise<Response> {
  const init: RequestInit = { method, headers: { accept: 'application/json' }, cache: 'no-store' }
  if (text !== undefined) {
    init.headers = { accept: 'application/json', 'content-type': 'application/json' }
    init.body = text
  }
  if (signal !== undefined) init.signal = signal
  let response: Response
  try {
    response = await fetch(`${API}${path}`, init)
  } catch (error) {
    if (signal?.aborted === true) throw error
    throw new ApiProblem('The agent does not answer. Is uniroute still running?', null)
  }
  if (!response.ok) throw await problemOf(response)
  return response
}

/** Asks for JSON, giving `body` as JSON or a `text` that is JSON; `isGood` tells whether it has the shape that the page relies on. */
export async function askJson<T>(
  method: Method,
  path: string,
  isGood: (value: unknown) => value is T,
  options: { readonly body?: unknown; readonly text?: string; readonly signal?: AbortSignal } = {},
): Promise<T> {
  const text = options.body === undefined ? options.text : JSON.stringify(options.body)
  const response = await send(method, path, text, options.signal)
  let value: unknown
  try {
    value = await response.json()
  } catch (error) {
    if (options.signal?.aborted === true) throw error
    throw new ApiProblem('The agent answered something that is not JSON.', response.status)
  }
  if (!isGood(value)) throw new ApiProblem('The agent answered JSON of another shape than expected.', response.status)
  return value
}

/** What is said to the reader of something that was thrown. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

async function problemOf(response: Response): Promise<ApiProblem> {
  const { status } = response
  try {
    const { detail, title, code } = (await response.json()) as Partial<ProblemBody>
    const words = detail ?? title
    if (typeof words === 'string') return new ApiProblem(words, status, code ?? '')
  } catch {
    // said below
  }
  return new ApiProblem(`The agent answered ${status} and did not say why.`, status)
}
