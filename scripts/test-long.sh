#!/bin/sh
# Runs the long tests, in their full size: test/long/*.long.ts. As scripts/test.sh otherwise.
set -eu
cd "$(dirname "$0")/.."
. scripts/packages.sh

need_packages curl=curl openssl=openssl ps=procps initdb=postgresql psql=postgresql-client \
  sshd=openssh-server ssh=openssh-client cc=gcc ip=iproute2 tc=iproute2 nsenter=util-linux sysctl=procps
prepare_project

[ "$#" -gt 0 ] || set -- $(find test/long -name '*.long.ts' | sort)
JOBS=1
LIMIT=1800
. scripts/run-tap.sh
