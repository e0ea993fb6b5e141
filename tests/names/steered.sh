#!/bin/bash
# A running program with the names preset, seen and steered by swrctl. Run inside.sh.
# usage: steered.sh SWRCTL
set -u
swrctl=$(readlink -f "$1")
failed=0
cd "$SWR_TEST_FILES" || exit 1
mkdir -m 700 sockets
export SWR_SOCKET_DIR=$PWD/sockets SWR_CONTROL=1 SWRSLOW_LOG=$PWD/log LC_ALL=C
: >log

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

# One good setting, so long that nothing ages however busy the machine is, and two that are no times: those are as
# if they were not there, and told.
export SWR_NAMES_TTL=1h SWR_NAMES_STALE=20 SWR_NAMES_STALE_IF_ERROR=often SWR_LOG=$PWD/complaints
coproc PROGRAM { exec "$swrctl" run --preset names -- python3 -c '
import grp, pwd, socket, sys
def number(name):
    try: return pwd.getpwnam(name).pw_name
    except KeyError: return "none"
def everything():
    address = socket.getaddrinfo("h1.slow", "http", socket.AF_INET, socket.SOCK_STREAM)[0][4][0]
    socket.getservbyname("http", "tcp")
    return " ".join([number("slow20002"), number("x"), grp.getgrgid(20003).gr_name, address,
                     socket.gethostbyaddr("10.9.8.5")[0]])
for line in sys.stdin:
    word = line.strip()
    print(everything() if word == "all" else pwd.getpwuid(int(word)).pw_name, flush=True)'; }
pid=$PROGRAM_PID in=${PROGRAM[1]} out=${PROGRAM[0]}
ask() {
    local line
    echo "$1" >&"$in" && read -r -t 100 line <&"$out" && echo "$line"
}

check 0 slow20001 ask 20001
for _ in $(seq 100); do # the socket comes with a call later than a quarter of a second after the first
    ask 20001 >/dev/null
    [ -S "sockets/$pid.sock" ] && break
    sleep 0.05
done
check 0 '"name":"getpwuid","mode":"on"' "$swrctl" -p "$pid" --json functions
check 0 'getpwuid(20001)' "$swrctl" -p "$pid" inspect
check 0 '"SWR_NAMES_TTL":"1h"' "$swrctl" -p "$pid" --json stats
check 0 'SWR_NAMES_STALE=20: not a time like 250ms, 20s, 5m, 1h or inf; ignored' "$swrctl" -p "$pid" stats
check 0 'SWR_NAMES_STALE_IF_ERROR=often: not a time' "$swrctl" -p "$pid" stats
check 0 2 sh -c 'sort -u complaints | grep -c ": not a time"'
check 0 '"ttl_ms":3600000,"ttl_from":"annotation","stale_ms":50000,' "$swrctl" -p "$pid" --json functions -v
check 0 fresh "$swrctl" -p "$pid" explain 'getpwuid(20001)'
check 0 1 wc -l log
check 0 '"matched":1' "$swrctl" -p "$pid" --json invalidate 'getpwuid(20001)'
check 0 slow20001 ask 20001
check 0 2 wc -l log
check 0 '' "$swrctl" -p "$pid" mode getpwuid off
check 0 slow20001 ask 20001
check 0 3 wc -l log
check 3 '' "$swrctl" -p "$pid" invalidate 'getpwnam("slow20001")'

# Each function by its own name, with its key as it was asked.
check 0 'slow20002 none group20003 10.9.8.1 h5.slow' ask all
check 0 '"name":"getgrnam"' "$swrctl" -p "$pid" --json functions # never called, and so said
# Whom nobody knows is asked for again after five seconds: so first.
for key in 'getpwnam("x")' 'getpwnam("slow20002")' 'getgrgid(20003)' 'getaddrinfo("h1.slow", "http", 0, 2, 1, 0)' \
    'gethostbyaddr(x"0a090805", 4, 2)' 'getservbyname("http", "tcp")'; do
    check 0 "$key" "$swrctl" -p "$pid" inspect "${key%%(*}"
    check 0 'would be invalidated' "$swrctl" -p "$pid" invalidate "$key" --dry-run
    check 0 '"matched":1' "$swrctl" -p "$pid" --json invalidate "$key"
    check 0 'state                  none' "$swrctl" -p "$pid" explain "$key"
    check 3 '' "$swrctl" -p "$pid" invalidate "$key"
done
check 0 'slow20002 none group20003 10.9.8.1 h5.slow' ask all
check 0 '"matched":1' "$swrctl" -p "$pid" --json invalidate 'getaddrinfo("h1*", *, *, *, *, *)'
check 0 '"matched":2' "$swrctl" -p "$pid" --json invalidate 'getpwnam("*")'
check 0 '"matched":1' "$swrctl" -p "$pid" --json expire region:names.groups
check 0 'slow20002 none group20003 10.9.8.1 h5.slow' ask all
exec {in}>&-
wait "$pid"
exit "$failed"
