/** Ports that are tried. */
const TRIES = 100

/** Calls `listen` with `port`, and the next ones as long as they are taken; throws what it throws otherwise, or last. */
export async function listenNear(port: number, listen: (port: number) => Promise<void>): Promise<void> {
  for (let next = port; ; next++) {
    try {
      return await listen(next)
    } catch (error) {
      const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
      if (!isTaken || port === 0 || next >= Math.min(port + TRIES - 1, 65_535)) throw error
    }
  }
}
