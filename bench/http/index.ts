import { directHttps } from './direct.js'
import { frpHttps } from './frp.js'
import { http2Proxy } from './http2-proxy.js'
import { nginx } from './nginx.js'
import type { HttpTool } from './tool.js'
import { unirouteHttp, unirouteTcp, unirouteUninspected } from './uniroute.js'

/** Columns of the HTTP table. */
export const HTTP_TOOLS: readonly HttpTool[] = [
  directHttps,
  unirouteHttp,
  unirouteUninspected,
  unirouteTcp,
  nginx,
  http2Proxy,
  frpHttps,
]
