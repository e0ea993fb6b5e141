#!/bin/bash
# The names preset in modes observe and shadow, by swrctl run --mode and live. Run inside.sh.
# usage: compared.sh SWRCTL
set -u
swrctl=$(readlink -f "$1")
failed=0
cd "$SWR_TEST_FILES" || exit 1
mkdir -m 700 sockets
export SWR_SOCKET_DIR=$PWD/sockets SWR_CONTROL=1 LC_ALL=C SWR_NAMES_TTL=1h SWR_LOG=$PWD/complaints
export SWRSLOW_LOG=$PWD/log SWRSLOW_TURN=$PWD/turn SWRSLOW_MOVE=$PWD/move
functions='getpwuid getpwnam getgrgid getgrnam getaddrinfo gethostbyname gethostbyaddr getnameinfo getservbyname'

expect() { # what, wanted, found
    if [ "$2" = "$3" ]; then
        echo "ok: $1"
    else
        echo "FAILED: $1: wanted '$2', found '$3'"
        failed=1
    fi
}
field() { # function, field
    "$swrctl" -p "$pid" --json functions | grep "\"name\":\"$1\"" | sed "s/.*\"$2\":\"\{0,1\}\([a-z0-9]*\).*/\1/"
}
# Asks every function so often.
ask() {
    local line
    echo "$1" >&"$in" && read -r -t 300 line <&"$out" && echo "$line"
}
start() { # mode
    coproc PROGRAM { exec "$swrctl" run --mode "$1" --preset names -- /usr/bin/python3 -c '
import grp, pwd, socket, sys
for line in sys.stdin:
    for _ in range(int(line)):
        a = socket.getaddrinfo("h7.slow", "http", family=socket.AF_INET, type=socket.SOCK_STREAM)
        h = socket.gethostbyname_ex("many.slow")
        r = socket.gethostbyaddr("10.9.8.3")
        n = socket.getnameinfo(("10.9.8.4", 80), 0)
        s = socket.getservbyname("http", "tcp")
        u = pwd.getpwuid(20001), pwd.getpwnam("slow20002")
        g = grp.getgrgid(20003), grp.getgrnam("crowd")
        for missing in (20099, 20098):
            try:
                pwd.getpwuid(missing)
            except KeyError:
                pass
    print(u[0].pw_dir, len(h[2]), flush=True)'; }
    pid=$PROGRAM_PID in=${PROGRAM[1]} out=${PROGRAM[0]}
    for _ in $(seq 100); do # the socket comes with a call later than a quarter of a second after the first
        ask 1 >/dev/null
        [ -S "sockets/$pid.sock" ] && break
        sleep 0.05
    done
}
stop() {
    exec {in}>&-
    wait "$pid" 2>/dev/null
}
[ -x /usr/bin/python3 ] || exit 77

start observe
: >log
expect 'a program observed' '/nonexistent 40' "$(ask 10)"
report=$("$swrctl" observe "$pid")
for f in $functions; do
    expect "$f runs uncached" observe "$(field "$f" mode)"
    expect "$f keeps nothing" 0 "$(field "$f" entries)"
    expect "$f is reported" 1 "$(grep -c "^$f: [0-9]* calls of [1-9] keys*, " <<<"$report")"
done
expect 'every question asked' 10 "$(grep -c '^uid 20001' log)"
touch move
ask 10 >/dev/null
rm move
expect 'changes are seen' 2 "$("$swrctl" observe "$pid" | grep -A 8 -E '^get(pwuid|gethostbyname|grgid|servbyname): ' | grep -c 'the result changed')"
expect 'live' 0 "$("$swrctl" -p "$pid" mode all on >/dev/null; echo $?)"
ask 10 >/dev/null
expect 'cached now' on "$(field getpwuid mode)"
stop

start shadow
: >log
ask 400 >/dev/null
touch turn
expect 'addresses in another order' '/nonexistent 40' "$(ask 400)"
for f in $functions; do
    expect "$f agrees" shadow "$(field "$f" mode)"
    expect "$f differs nowhere" 0 "$(field "$f" differed)"
    compared=$(field "$f" compared) hits=$(field "$f" hits)
    expect "$f is compared once in 16 hits" $(((hits + 15) / 16)) "$compared"
done
rm turn
touch move
expect 'what is remembered is served as long as it is trusted' '/nonexistent 40' "$(ask 1)"
# Two of three users that are asked for by number are missing in either world.
"$swrctl" -p "$pid" set getpwuid shadow_pct=20 >/dev/null
for f in getpwuid getpwnam getgrgid getaddrinfo gethostbyname gethostbyaddr; do
    for _ in $(seq 3000); do # 32 times what nobody takes back for a tenth of a second, a quarter of a second apart
        [ "$(field "$f" mode)" = off ] && break
        ask 40 >/dev/null
    done
    expect "$f has ended itself" off "$(field "$f" mode)"
done
expect 'and then what the function gives' '/moved 40' "$(ask 4)"
for f in getpwuid getpwnam getgrgid getaddrinfo gethostbyname gethostbyaddr; do
    expect "$f says so" 1 "$(grep -c "^$f: shadow: [0-9]* of the last [0-9]* fresh answers differed.* not cached any more" complaints)"
done
for f in getservbyname getgrnam; do
    expect "$f goes on" shadow "$(field "$f" mode)"
done
stop
exit "$failed"
