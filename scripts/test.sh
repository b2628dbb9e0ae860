#!/bin/sh
# Runs every test: installs what is missing (as root on Debian or Ubuntu; otherwise names it and stops), builds, tests.
# Usage: scripts/test.sh [FILE...]   The last line is `N passed, N failed`, counted in assertions.
set -eu
cd "$(dirname "$0")/.."
. scripts/packages.sh

need_packages \
  initdb=postgresql pgbench=postgresql-contrib psql=postgresql-client \
  redis-server=redis-server redis-benchmark=redis-tools \
  nginx=nginx-light haproxy=haproxy curl=curl sshd=openssh-server ssh=openssh-client openssl=openssl sqlite3=sqlite3 ps=procps \
  h2load=nghttp2-client git=git chromium=chromium certutil=libnss3-tools \
  knotd=knot knotc=knot knsupdate=knot-dnsutils pebble=pebble pebble-challtestsrv=pebble \
  unshare=util-linux setpriv=util-linux systemd-socket-activate=systemd systemd-analyze=systemd promtool=prometheus \
  go=golang-go /usr/share/gocode/src/github.com/hashicorp/yamux=golang-github-hashicorp-yamux-dev
prepare_project

[ "$#" -gt 0 ] || set -- $(find test -name '*.test.ts' -not -path '*/node_modules/*' | sort)
. scripts/run-tap.sh
