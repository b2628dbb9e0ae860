import { createHash } from 'node:crypto'
import type { Problem } from './problems.js'

const STYLE = `
:root{color-scheme:light dark;--ink:#1c2430;--dim:#5a6677;--paper:#f6f7f9;--card:#fff;--line:#dde2e8;--mark:#b42318}
@media (prefers-color-scheme:dark){:root{--ink:#e8ecf1;--dim:#9aa7b8;--paper:#12161c;--card:#1b2129;--line:#2e3743;--mark:#ff8a7a}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;background:var(--paper);color:var(--ink);font:1rem/1.55 system-ui,sans-serif}
main{width:100%;max-width:38rem;padding:2rem;background:var(--card);border:1px solid var(--line);border-radius:.75rem}
p{margin:.75rem 0}
.status{margin:0;color:var(--mark);font-weight:600}
h1{margin:.25rem 0 1rem;font-size:1.5rem;line-height:1.25}
dl{display:grid;grid-template-columns:auto 1fr;gap:.25rem 1rem;margin:1.5rem 0 0;padding-top:1rem;border-top:1px solid var(--line);font-size:.875rem}
dt{color:var(--dim)}
dd{margin:0;overflow-wrap:anywhere;font-family:ui-monospace,monospace}
`.trim()

/** What the page may load: its own style and nothing else. It can be framed nowhere, and has no form. */
export const PAGE_POLICY =
  `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; ` +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** A problem as a page that needs nothing from elsewhere: light or dark as the visitor has it, readable without a mouse. */
export function htmlPage({ status, title, detail, advice, code, requestId }: Problem): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${status} ${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<p class="status">Error ${status}</p>
<h1>${escaped(title)}</h1>
<p>${escaped(detail)}</p>
<p>${escaped(advice)}</p>
<dl>
<dt>Code</dt><dd>${escaped(code)}</dd>
<dt>Request</dt><dd>${escaped(requestId)}</dd>
</dl>
</main>
</body>
</html>
`
}

/** Text that may stand in an element or in a quoted attribute. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
