#!/bin/sh
# Writes src/protocol/generated from proto/. The result is checked in; running this twice changes nothing.
set -eu
cd "$(dirname "$0")/.."
out=src/protocol/generated
sources=$(find proto -name '*.proto' | LC_ALL=C sort)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
pbjs() {
  # shellcheck disable=SC2086
  node node_modules/protobufjs-cli/bin/pbjs -t static-module -w esm -r uniroute --dependency protobufjs/minimal.js \
    --force-number --no-convert --no-verify --no-delimited --no-typeurl --no-service -p proto "$@" $sources
}
mkdir -p "$out"
# pbts reads the doc comments of the commented form; what runs does not need them.
pbjs -o "$work/messages.js"
node node_modules/protobufjs-cli/bin/pbts -o "$work/messages.d.ts" "$work/messages.js"
pbjs --no-comments -o "$work/messages.js"
# --force-number is honoured by pbts only: where the package `long` is installed, 64-bit fields would still be objects.
sed -e 's/\$util\.Long ? [^:]* : 0/0/' -e 's/reader\.uint64()/Number(reader.uint64())/' \
  -e 's/typeof (value = \(Number([^=]*)\)) === "object" ? value.low || value.high : value !== 0/(value = \1) !== 0/' \
  "$work/messages.js" >"$out/messages.js"
sed -e '/require("long")/d' -e 's#from "protobufjs"#from "protobufjs/minimal.js"#' "$work/messages.d.ts" >"$out/messages.d.ts"
