# Sourced: makes sure that the programs which the tests use are there. `need_packages PROGRAM=PACKAGE ...`
# installs the missing ones with apt-get where we are root; otherwise it names them and fails.

have_program() {
  PATH="$PATH:/usr/sbin:/sbin:/usr/local/go/bin" command -v "$1" >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/"$1" >/dev/null 2>&1
}

need_packages() {
  missing=''
  for pair in "$@"; do
    case "$pair" in
      /*) [ -e "${pair%%=*}" ] || missing="$missing ${pair#*=}" ;;
      *) have_program "${pair%%=*}" || missing="$missing ${pair#*=}" ;;
    esac
  done
  [ -n "$missing" ] || return 0
  missing=$(printf '%s\n' $missing | sort -u | tr '\n' ' ')
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "missing packages: $missing" >&2
    echo "install them as root: apt-get update && apt-get install --no-install-recommends $missing" >&2
    return 1
  fi
  echo "installing $missing" >&2
  # The servers among them are for the tests, which start their own: Debian must not start any.
  policy=/usr/sbin/policy-rc.d
  ours=''
  if [ ! -e "$policy" ]; then
    ours=$policy
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
  fi
  status=0
  apt-get update -qq >&2 || status=$?
  # shellcheck disable=SC2086
  [ "$status" != 0 ] || DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >&2 || status=$?
  [ -z "$ours" ] || rm -f "$ours"
  [ "$status" = 0 ] || echo "apt-get failed; the missing packages are: $missing" >&2
  return "$status"
}

# Node 20.18 or newer, the modules of package-lock.json, and a build.
prepare_project() {
  have_program node || { echo 'node is missing: install Node.js 20.18 or newer' >&2; return 1; }
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 18) ? 0 : 1)' || {
    echo "Node.js $(node --version) is too old: 20.18 or newer is needed" >&2
    return 1
  }
  if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    npm ci --include=dev --no-audit --no-fund >&2 || return 1
    touch node_modules/.package-lock.json
  fi
  npm run --silent build
}
