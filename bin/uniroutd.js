#!/usr/bin/env node
import { uniroutd } from '../dist/cli/uniroutd/main.js'

process.exit(await uniroutd(process.argv.slice(2)))
