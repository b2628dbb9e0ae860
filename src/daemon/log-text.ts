import { printable } from '../core/printable.js'

/**
 * One JSON log line as text for people: `2026-01-31T12:00:00.000Z INFO  message  key=value …`.
 * An error's stack, where it is there, follows on lines of its own. Everything is made printable.
 */
export function textLine(json: string): string {
  const { time, level, message, ...fields } = JSON.parse(json) as Record<string, unknown>
  const head = `${String(time)} ${String(level).toUpperCase().padEnd(5)} ${printable(String(message))}`
  const stacks: string[] = []
  let tail = ''
  for (const [key, value] of Object.entries(fields)) tail += ` ${printable(key)}=${fieldText(value, stacks)}`
  return `${head}${tail === '' ? '' : ` ${tail}`}\n${stacks.map((stack) => `${stack}\n`).join('')}`
}

function fieldText(value: unknown, stacks: string[]): string {
  if (isErrorShape(value)) {
    if (value.stack !== undefined) stacks.push(value.stack.split('\n').map(printable).join('\n'))
    return quoted(value.code === undefined ? value.message : `${value.message} (${value.code})`)
  }
  if (value === null) return '-'
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return quoted(value.join(','))
  return quoted(typeof value === 'string' ? value : JSON.stringify(value))
}

function quoted(text: string): string {
  return /^[^\s"=\\]+$/.test(text) ? printable(text) : printable(JSON.stringify(text))
}

function isErrorShape(value: unknown): value is { message: string; code?: string; stack?: string } {
  return typeof value === 'object' && value !== null && typeof (value as { message?: unknown }).message === 'string'
}
