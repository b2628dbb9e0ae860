/** How often a request may have passed here before it counts as a loop: a chain of tunnels that is no loop is shorter. */
export const MAX_PASSES = 8

/** How often `pseudonym` stands as the `received-by` of `Via` (RFC 9110 §7.6.3): how often the message passed here. */
export function passesHere(via: string, pseudonym: string): number {
  let passes = 0
  for (const element of via.split(',')) {
    const [, receivedBy] = element.trim().split(/[ \t]+/, 2)
    if (receivedBy === pseudonym) passes++
  }
  return passes
}
