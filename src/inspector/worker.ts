import os from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import type { InspectorSettings, ToInspector } from './messages.js'
import { serve } from './serve.js'
import { InspectorThread } from './thread.js'

if (process.platform === 'linux') yieldToOthers()

const port = parentPort!
const thread = new InspectorThread(workerData as InspectorSettings, (message, transfer) =>
  port.postMessage(message, transfer),
)
port.on('message', (message: ToInspector) => thread.handle(message))
await thread.start(serve)

/** On Linux this is the priority of the thread alone: when all processors are busy, tunnels go first. */
function yieldToOthers(): void {
  try {
    os.setPriority(os.constants.priority.PRIORITY_LOW)
  } catch {
    // It is not allowed everywhere, and not needed.
  }
}
