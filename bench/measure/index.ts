import { bulkDown, bulkUp } from './bulk.js'
import { crowd } from './crowd.js'
import { echo } from './echo.js'
import type { TunnelMeasurement } from './measurement.js'
import { newConnections, oneConnection, requests512, requests64 } from './requests.js'
import { sessions } from './sessions.js'
import { visitors } from './visitors.js'

/** Rows of the first table, in its order. */
export const LOOPBACK: readonly TunnelMeasurement[] = [
  bulkDown,
  bulkUp,
  requests64,
  requests512,
  newConnections,
  oneConnection,
  echo,
  visitors,
  sessions,
  crowd,
]
