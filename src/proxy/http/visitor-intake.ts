import type { Socket } from 'node:net'
import { giveBack, Intake } from '../../wire/index.js'

/** How a visitor's connection is read, once it is started: `take` gets bytes that are valid only until it returns. */
export function visitorIntake(socket: Socket, take: (bytes: Buffer) => void): Intake {
  const intake = new Intake(socket, {
    onBorrowed: (slab, start, end) => {
      take(slab.subarray(start, end))
      return true
    },
    onOwned: (slab, start, end) => {
      take(slab.subarray(start, end))
      giveBack(slab, end - start)
      return true
    },
  })
  intake.keepSmall()
  return intake
}
