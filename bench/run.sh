#!/bin/bash
# The tables of RESULTS.md that need no path between two machines. See README.md beside this file.
# As root everything runs in a network namespace of its own: nothing that is started can be reached from outside.
. "$(dirname "$0")/prepare.sh"
need iperf3=iperf3 wrk=wrk h2load=nghttp2-client nginx=nginx-light stunnel4=stunnel4 sshd=openssh-server ssh=openssh-client openssl=openssl
build
if [ "$(id -u)" = 0 ]; then
  exec unshare --net bash -c 'ip link set lo up && BENCH_ISOLATED=yes exec "$@"' - node "$bench/bench/main.js"
fi
exec node "$bench/bench/main.js"
