const PIECE = /<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<\?[\s\S]*?\?>|<[^>]*>|[^<]+/g
/** Beyond this nothing is indented further: what is nested so deep is not read. */
const MAX_DEPTH = 60

/** XML with each element on a line of its own, indented; text alone in an element stays in its line. */
export function indentXml(text: string): string {
  const lines: string[] = []
  const pieces = (text.match(PIECE) ?? []).map((piece) => piece.trim()).filter((piece) => piece !== '')
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
