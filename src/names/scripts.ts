/** Scripts in modern use (UAX #31, table 5), and those that are written together (UTS #39 §5.2, highly restrictive). */
const TOGETHER: readonly (readonly string[])[] = [
  ['Latin'],
  ['Latin', 'Han', 'Hiragana', 'Katakana'],
  ['Latin', 'Han', 'Bopomofo'],
  ['Latin', 'Han', 'Hangul'],
  ...'Arabic Armenian Bengali Cyrillic Devanagari Ethiopic Georgian Greek Gujarati Gurmukhi Hebrew Kannada Khmer Lao Malayalam Myanmar Oriya Sinhala Tamil Telugu Thaana Thai Tibetan'
    .split(' ')
    .map((script) => [script]),
]

const patterns = TOGETHER.map((scripts) => {
  const classes = [...scripts, 'Common', 'Inherited'].map((script) => `\\p{scx=${script}}`)
  return new RegExp(`^[${classes.join('')}]*$`, 'u')
})

/** Whether the characters of a label belong to one script in use today, or to some that are written together. */
export function isOneScript(label: string): boolean {
  return patterns.some((pattern) => pattern.test(label))
}
