import { Relay } from '../relay.js'
import { obey, say, sharedNow, taskOf } from './program.js'

/**
 * The path between agents and their server: a relay, in a process of its own so that it can be stopped. Stopped with
 * nobody waiting at its door (`narrow`), it is a path that loses every packet: connections are silent, SYNs are not
 * answered, and the kernel sends them again as ever.
 */
export interface PathTask {
  readonly server: number
}

const BACKLOG = 4096

const task = taskOf<PathTask>()
const relay = await Relay.start({ teardown: () => undefined }, task.server)
/** When connections came through (`sharedNow`). */
let dials: number[] = []
relay.onDial = () => dials.push(sharedNow())

obey({
  cut: () => relay.cut(),
  refuse: () => relay.refuse(),
  admit: () => relay.admit(),
  narrow: () => {
    relay.setBacklog(0)
    say('narrow')
  },
  widen: () => relay.setBacklog(BACKLOG),
  dials: () => {
    say('dials', { dials })
    dials = []
  },
})
say('ready', { port: relay.port })
