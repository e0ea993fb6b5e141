#!/bin/bash
# What swrctl says of a live process, and how it ends.
# usage: swrctl.sh SWRCTL LIVE LIBRARY
set -u
swrctl=$1 live=$2 library=$3
failed=0
SWR_SOCKET_DIR=$(mktemp -d) || exit 1
export SWR_SOCKET_DIR
chmod 700 "$SWR_SOCKET_DIR"
trap 'rm -rf "$SWR_SOCKET_DIR"' EXIT

check() { # status, text that must be in the output, command...
    local status=$1 text=$2 output
    shift 2
    output=$("$@" 2>&1)
    local found=$?
    if [ "$found" -eq "$status" ] && [[ $output == *"$text"* ]]; then
        echo "ok: ${*:2}"
    else
        echo "FAILED: ${*:2}: status $found (wanted $status), wanted '$text' in: $output"
        failed=1
    fi
}

check 4 '' "$swrctl" -p 999999 stats
coproc LIVE { SWR_CONTROL=1 LD_PRELOAD=$library exec "$live"; }
pid=$LIVE_PID
read -r line <&"${LIVE[0]}"
[ "$line" = ready ] || exit 1
for _ in $(seq 100); do # the control thread starts with the first cached call, beside it
    [ -S "$SWR_SOCKET_DIR/$pid.sock" ] && break
    sleep 0.05
done
check 0 "$pid" "$swrctl" ps
check 0 '"entries":3' "$swrctl" --json ps
check 0 '"name":"quote","mode":"on","hits":1,"stale_hits":0' "$swrctl" -p "$pid" --json functions
check 0 'quote("BE\nTA", 1)' "$swrctl" -p "$pid" inspect quote
check 0 '***' "$swrctl" -p "$pid" inspect pin
check 0 'fresh' "$swrctl" -p "$pid" explain 'quote("ACME", 3)'
check 0 'none' "$swrctl" -p "$pid" explain 'quote("ACME", 4)'
check 0 '"matched":1' "$swrctl" -p "$pid" --json invalidate 'quote("AC*", *)' --dry-run
check 0 '"matched":1' "$swrctl" -p "$pid" --json expire 'quote("ACME", 3)'
check 0 'stale' "$swrctl" -p "$pid" inspect quote --match '*ACME*'
check 0 '"matched":1' "$swrctl" -p "$pid" --json invalidate 'quote("ACME", 3)'
check 3 '' "$swrctl" -p "$pid" invalidate 'quote("ACME", 3)'
check 0 '' "$swrctl" -p "$pid" set quote ttl=2m max_entries=1
check 0 '"ttl_ms":120000' "$swrctl" -p "$pid" --json functions
check 1 '' "$swrctl" -p "$pid" set quote ttl=lots
check 0 '' "$swrctl" -p "$pid" mode quote off
check 0 '"mode":"off"' "$swrctl" -p "$pid" --json functions
check 0 '' "$swrctl" -p "$pid" stats
check 0 '' "$swrctl" -p "$pid" inflight
check 2 '' "$swrctl" nonsense
check 0 'swrctl' "$swrctl" --help
exec {LIVE[1]}>&-
wait "$pid"
exit "$failed"
