#!/bin/bash
# A name server that dies under an unmodified program: plain, the program fails; with the preset it goes on
# with the last answer, and gets new ones by itself when the server is back. Run inside.sh.
# usage: resolver.sh LD_PRELOAD-VALUE
set -u
preload=$1
failed=0
command -v dnsmasq >/dev/null || PATH=$PATH:/usr/sbin
if ! command -v dnsmasq >/dev/null; then
    echo 'skipped: no dnsmasq'
    exit 77
fi
cd "$SWR_TEST_FILES" || exit 1
echo 'hosts: dns' >nsswitch.conf
export SWR_CONTROL=0 SWR_NAMES_TTL=200ms SWR_NAMES_STALE=200ms

check() { # what, wanted, found
    if [ "$2" = "$3" ]; then
        echo "ok: $1"
    else
        echo "FAILED: $1: wanted '$2', found '$3'"
        failed=1
    fi
}

serve() { # address
    dnsmasq --no-daemon --no-resolv --no-hosts --conf-file=/dev/null --bind-interfaces --interface=lo \
        --local-ttl=0 --pid-file= --address="/svc.test/$1" 2>dnsmasq.log &
    server=$!
    disown
}

# Answers a line with the address, or with the error.
program='
import socket, sys
for line in sys.stdin:
    try: print(socket.getaddrinfo(line.strip(), 80, socket.AF_INET, socket.SOCK_STREAM)[0][4][0], flush=True)
    except OSError as e: print(e.errno, flush=True)'

serve 10.9.8.1
coproc CACHED { LD_PRELOAD=$preload exec python3 -c "$program"; }
cached=$CACHED_PID in=${CACHED[1]} out=${CACHED[0]}
trap 'kill -9 "$server" "$cached" 2>/dev/null' EXIT
plain() { echo svc.test | python3 -c "$program"; }
ask() {
    local line
    echo svc.test >&"$in" && read -r -t 150 line <&"$out" && echo "$line"
}

for _ in $(seq 100); do # until the server listens
    [ "$(plain)" = 10.9.8.1 ] && break
    sleep 0.1
done
if ! kill -0 "$server" 2>/dev/null; then
    echo 'skipped: dnsmasq does not run here'
    exit 77
fi
check 'plain, the server lives' 10.9.8.1 "$(plain)"
check 'cached, the server lives' 10.9.8.1 "$(ask)"
kill -STOP "$server"
check 'plain, the server is dead' -3 "$(plain)"
for try in 1 2 3 4; do
    sleep 0.3 # ages the answer: from fresh to stale to kept for errors alone
    check "cached, the server is dead ($try)" 10.9.8.1 "$(ask)"
done
kill -9 "$server"
for _ in $(seq 100); do # until its port is free
    kill -0 "$server" 2>/dev/null || break
    sleep 0.05
done
serve 10.9.8.2
answer=
for _ in $(seq 300); do
    answer=$(ask)
    [ "$answer" = 10.9.8.2 ] && break
    sleep 0.1
done
check 'cached, another server in its place' 10.9.8.2 "$answer"
[ "$answer" = 10.9.8.2 ] || { echo "plain: $(plain)"; cat dnsmasq.log; }
exit "$failed"
