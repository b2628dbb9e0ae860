/** Lines of 16 bytes: offset, hex, and what of it is ASCII. */
export function hexLines(bytes: Uint8Array): string {
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += 16) {
    const row = bytes.subarray(at, at + 16)
    let hex = ''
    let ascii = ''
    row.forEach((byte, index) => {
      hex += `${byte.toString(16).padStart(2, '0')}${index === 7 ? '  ' : ' '}`
      ascii += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·'
    })
    lines.push(`${at.toString(16).padStart(8, '0')}  ${hex.padEnd(49)} ${ascii}`)
  }
  return lines.join('\n')
}

export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}
