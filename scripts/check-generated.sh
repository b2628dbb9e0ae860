#!/bin/sh
# Generates everything again and fails when that changed a file that is checked in.
set -eu
cd "$(dirname "$0")/.."
sums() { find src/protocol/generated docs/configuration.md docs/errors.md -type f -exec sha256sum {} + | LC_ALL=C sort -k 2; }
before=$(sums)
scripts/gen-protocol.sh
scripts/gen-docs.sh
after=$(sums)
[ "$before" = "$after" ] && exit 0
echo 'generated files were out of date; they are written anew, commit them:' >&2
printf '%s\n%s\n' "$before" "$after" | sort | uniq -u | awk '{ print "  " $2 }' | sort -u >&2
exit 1
