/** Beyond this nothing is indented further: what is nested so deep is not read. */
const MAX_DEPTH = 60

/** XML with each element on a line of its own, indented; text alone in an element stays in its line. */
export function indentXml(text: string): string {
  const lines: string[] = []
  const pieces = [...piecesOf(text)].map((piece) => piece.trim()).filter((piece) => piece !== '')
  let depth = 0
  for (let at = 0; at < pieces.length; at++) {
    const piece = pieces[at] ?? ''
    const [inner = '', end = ''] = [pieces[at + 1], pieces[at + 2]]
    if (piece.startsWith('</')) depth = Math.max(0, depth - 1)
    const indent = '  '.repeat(Math.min(depth, MAX_DEPTH))
    if (isOpening(piece) && end.startsWith('</') && !inner.startsWith('<')) {
      lines.push(`${indent}${piece}${inner}${end}`)
      at += 2
    } else if (isOpening(piece) && inner.startsWith('</')) {
      lines.push(`${indent}${piece}${inner}`)
      at++
    } else {
      lines.push(`${indent}${piece}`)
      if (isOpening(piece)) depth++
    }
  }
  return lines.join('\n')
}

function isOpening(piece: string): boolean {
  return /^<[^/!?]/.test(piece) && !piece.endsWith('/>')
}

/** Tags, comments and what is between them; what has no end is one piece. */
function* piecesOf(text: string): Generator<string> {
  for (let at = 0; at < text.length;) {
    const isText = !text.startsWith('<', at)
    const mark = isText ? '<' : endOf(text, at)
    const found = text.indexOf(mark, at)
    const end = found < 0 ? text.length : found + (isText ? 0 : mark.length)
    yield text.slice(at, end)
    at = end
  }
}

function endOf(text: string, at: number): string {
  if (text.startsWith('<!--', at)) return '-->'
  if (text.startsWith('<![CDATA[', at)) return ']]>'
  return text.startsWith('<?', at) ? '?>' : '>'
}
