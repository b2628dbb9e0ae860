import { printable } from '../core/printable.js'

/** Rows as aligned columns, the first one in capitals. Every cell is made printable. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows].map((row) => row.map(printable))
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')
  return all.map((row) => `${line(row).trimEnd()}\n`).join('')
}

/** Bytes, for people: `1.5 MiB`. */
export function humanSize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let amount = bytes
  while (amount >= 1024 && units.length > 1) {
    amount /= 1024
    units.shift()
  }
  return `${Number.isInteger(amount) ? amount : amount.toFixed(1)} ${units[0]}`
}

/** One JSON object a line. */
export function jsonLines(items: readonly object[]): string {
  return items.map((item) => `${JSON.stringify(item)}\n`).join('')
}
