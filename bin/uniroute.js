#!/usr/bin/env node
import { uniroute } from '../dist/cli/uniroute/main.js'

process.exit(await uniroute(process.argv.slice(2)))
