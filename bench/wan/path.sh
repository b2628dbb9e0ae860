#!/bin/bash
# Runs a command at one end of a path with delay, rate, queue and loss; all inside two network namespaces that end with it.
# usage, as root: path.sh DELAY_MS RATE_MBIT QUEUE_KB LOSS_PERCENT cubic|bbr COMMAND...
# The delay is one way. The command runs at the server's end, 10.9.0.1; the agent's end, 10.9.0.2, is the network
# namespace of process $AGENT_NETNS_PID. netem makes the path where the kernel has it, otherwise the program $WAN (wan.c).
set -eu
if [ "${IN_PATH_NETNS:-}" != yes ]; then IN_PATH_NETNS=yes exec unshare --net --mount "$0" "$@"; fi
delay=$1 rate=$2 queue=$3 loss=$4 congestion=$5
shift 5

started=()
setting=$(mktemp)
echo "$congestion" >"$setting"
finish() {
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  rm -f "$setting"
}
trap finish EXIT
trap 'exit 1' INT TERM HUP

wait_for() { for _ in $(seq 100); do if "$@" >/dev/null 2>&1; then return; fi; sleep 0.02; done; echo "path.sh: waited in vain for: $*" >&2; exit 1; }
in_agent() { nsenter --target "$AGENT_NETNS_PID" --net "$@"; }

unshare --net sleep infinity &
started+=($!)
export AGENT_NETNS_PID=$!
other_namespace() { [ "$(readlink /proc/self/ns/net)" != "$(readlink "/proc/$AGENT_NETNS_PID/ns/net")" ]; }
wait_for other_namespace

ip link set lo up
in_agent ip link set lo up
ip link add probe-netem type dummy 2>/dev/null || true
if ip link show probe-netem >/dev/null 2>&1 && tc qdisc add dev probe-netem root netem delay 1ms 2>/dev/null; then
  ip link add path-server type veth peer name path-agent
  packets=$((queue * 1024 / 1500 + rate * 1000 / 8 * delay / 1500 + 1000))
  shape=(root netem delay "${delay}ms" rate "${rate}mbit" loss "${loss}%" limit "$packets")
  ip link set path-agent netns "$AGENT_NETNS_PID"
  tc qdisc add dev path-server "${shape[@]}"
  in_agent tc qdisc add dev path-agent "${shape[@]}"
else
  coproc EMULATOR { exec "$WAN" path-server path-agent "$delay" "$rate" "$queue" "$loss"; }
  started+=("$EMULATOR_PID")
  read -r _ <&"${EMULATOR[0]}"
  ip link set path-agent netns "$AGENT_NETNS_PID"
fi
ip link delete probe-netem 2>/dev/null || true

set_up() { # DEVICE ADDRESS [PREFIX...]
  local device=$1 address=$2
  shift 2
  "$@" ip address add "$address/24" dev "$device"
  "$@" ip link set "$device" mtu 1500 txqueuelen 10000 up
  "$@" sysctl -qw net.ipv4.tcp_wmem="4096 65536 33554432" net.ipv4.tcp_rmem="4096 131072 33554432" net.ipv4.tcp_no_metrics_save=1
  "$@" ip route change 10.9.0.0/24 dev "$device" src "$address" congctl "$congestion"
  # Only what the host allows can be the setting of a namespace, so the route has it; programs that read it shall see it.
  "$@" mount --bind "$setting" /proc/sys/net/ipv4/tcp_congestion_control
}
set_up path-server 10.9.0.1
set_up path-agent 10.9.0.2 in_agent
"$@"
