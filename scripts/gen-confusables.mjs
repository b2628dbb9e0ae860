// Writes src/names/confusables-table.ts from Unicode's confusables.txt: node scripts/gen-confusables.mjs FILE
// Only characters that may stand in a host name are kept, each with what its skeleton becomes in lower case.
import { readFileSync, writeFileSync } from 'node:fs'

const text = readFileSync(process.argv[2], 'utf8')
const version = /^# Version: (\S+)/m.exec(text)[1]
const table = new Map()
for (const [, from, to] of text.matchAll(/^\uFEFF?([0-9A-F]{4,6}) *;\s*([0-9A-F ]+?) *;/gm)) {
  table.set(hex(from), to.split(' ').map(hex).join(''))
}

// UTS #39 maps some small letters to capitals (0 to O), which do not stand in host names: their small ones do.
const prototypes = new Map()
for (const from of table.keys()) {
  if (from.normalize('NFKC').toLowerCase() !== from || /[^a-z0-9-]/.test(from.replace(/[^\0-\x7f]/g, ''))) continue
  const to = settled(from)
  if (to !== from) prototypes.set(to, [...(prototypes.get(to) ?? []), from.codePointAt(0)])
}

function hex(digits) {
  return String.fromCodePoint(parseInt(digits, 16))
}

function settled(characters) {
  for (let now = characters, i = 0; ; i++) {
    const next = [...now.normalize('NFD')]
      .map((c) => table.get(c) ?? c)
      .join('')
      .normalize('NFD')
      .toLowerCase()
    if (next === now) return now
    if (i > 8) throw new Error(`no end for ${characters}`)
    now = next
  }
}

const groups = [...prototypes].map(([to, from]) => {
  from.sort((a, b) => a - b)
  const steps = from.map((code, i) => (code - (from[i - 1] ?? 0)).toString(36))
  return `${[...to].map((c) => c.codePointAt(0).toString(36)).join('.')}:${steps.join(',')}`
})
const lines = ['']
for (const group of groups.sort()) {
  if (lines.at(-1).length + group.length > 110 && lines.at(-1) !== '') lines.push('')
  lines[lines.length - 1] += `${lines.at(-1) === '' ? '' : ' '}${group}`
}
writeFileSync(
  'src/names/confusables-table.ts',
  `// Generated from Unicode's confusables.txt, version ${version}, by scripts/gen-confusables.mjs; do not edit.
// Data © Unicode, Inc., under the Unicode License V3 (https://www.unicode.org/license.txt).

/** Groups \`PROTOTYPE:CHARACTER,…\`: code points in base 36, those of a prototype joined by dots, each character less the one before. */
export const CONFUSABLES = [
${lines.map((line) => `  '${line}',`).join('\n')}
].join(' ')
`,
)
console.log(
  `${[...prototypes.values()].flat().length} characters, ${prototypes.size} prototypes, ${lines.length} lines`,
)
