/** What went wrong with a request, for the page that the visitor gets. */
export interface Problem {
  readonly status: number
  /** UR_… */
  readonly code: string
  readonly title: string
  readonly detail: string
  readonly advice: string
  readonly requestId: string
}

/** The answer that tells a visitor of a problem. */
export function errorPage(
  { status, code, title, detail, advice, requestId }: Problem,
  _accept: string | undefined,
  extraHeaders: Readonly<Record<string, string>> = {},
): { headers: Record<string, string>; body: Buffer } {
  const body = Buffer.from(`${status} ${title}\n\n${detail}\n${advice}\n\n${code}, request ${requestId}\n`)
  const headers = {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': String(body.length),
    'Cache-Control': 'no-store',
    ...extraHeaders,
  }
  return { headers, body }
}
