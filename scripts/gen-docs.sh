#!/bin/sh
# Writes docs/configuration.md and docs/errors.md from the schemas and the table of error codes. The result is checked in.
set -eu
cd "$(dirname "$0")/.."
node_modules/.bin/tsc -p scripts/tsconfig.gen.json
node --input-type=module -e "
  import { writeFileSync } from 'node:fs'
  import { configurationPage } from './.tmp/gen/config/docs.js'
  import { errorsPage } from './.tmp/gen/core/errors-page.js'
  writeFileSync('docs/configuration.md', configurationPage())
  writeFileSync('docs/errors.md', errorsPage())
"
