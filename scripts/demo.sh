#!/bin/sh
# Installs, builds, and shows a tunnel at work until Ctrl-C. ONCE=1 ends by itself after the first fetch.
set -eu
cd "$(dirname "$0")/.."
. scripts/packages.sh
echo 'Installing and building; the first time takes a minute or so.' >&2
prepare_project
exec node scripts/demo/demo.mjs
