# Sourced by run.sh and run-wan.sh: installs what is missing, builds the product and the bench.
# It defines `bench`, the folder of the compiled bench.
set -eu
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# Programs that the bench needs, each with its Debian package.
need() {
  local missing=() pair
  for pair in "$@"; do
    PATH="$PATH:/usr/sbin:/sbin" command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
  done
  if [ ${#missing[@]} -eq 0 ]; then return; fi
  if [ "$(id -u)" != 0 ]; then
    echo "bench: install these packages first: ${missing[*]}" >&2
    exit 1
  fi
  echo "bench: apt-get install ${missing[*]}"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
}
build() {
  [ -d node_modules ] || npm ci --no-audit --no-fund --loglevel=error
  npm run --silent build
  bench=$PWD/node_modules/.cache/uniroute-bench
  mkdir -p "$bench/src/protocol"
  cp -R src/protocol/generated "$bench/src/protocol/"
  npx tsc -p bench/tsconfig.json
  echo '{"type":"module"}' >"$bench/package.json"
}
ulimit -n "$(ulimit -Hn)"
