import { bore } from './bore.js'
import { chisel } from './chisel.js'
import { direct } from './direct.js'
import { frp } from './frp.js'
import { nodeFloor } from './node-floor.js'
import { rathole, ratholePlain, ratholeRustls } from './rathole.js'
import { ssh } from './ssh.js'
import { stunnel } from './stunnel.js'
import type { Tool } from './tool.js'
import { uniroute, uniroute8 } from './uniroute.js'

/** Columns of the loopback table. */
export const LOOPBACK_TOOLS: readonly Tool[] = [
  direct,
  uniroute,
  nodeFloor,
  stunnel,
  ssh,
  frp,
  rathole,
  ratholeRustls,
  chisel,
  ratholePlain,
  bore,
]
/** Columns of the WAN table. */
export const WAN_TOOLS: readonly Tool[] = [direct, uniroute, uniroute8, frp, rathole, chisel, ssh, bore]
