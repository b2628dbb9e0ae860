#!/bin/bash
# The second table of RESULTS.md, over an emulated path of 50 ms and 500 Mbit/s. See README.md beside this file.
. "$(dirname "$0")/prepare.sh"
if [ "$(id -u)" != 0 ]; then
  echo "bench-wan: needs root, for its network namespaces" >&2
  exit 1
fi
need iperf3=iperf3 nginx=nginx-light sshd=openssh-server ssh=openssh-client openssl=openssl cc=gcc \
  ip=iproute2 tc=iproute2 unshare=util-linux sysctl=procps
build
exec node "$bench/bench/wan/main.js"
