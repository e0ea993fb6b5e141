#!/bin/bash
# Modes of functions that are wrapped, by rules and by shims: at start, by --mode, and live.
# usage: modes.sh SWRCTL LIBRARY SOURCE CC...
set -u
swrctl=$(realpath "$1") library=$(realpath "$2") source=$3
shift 3
. "$(dirname "$0")/../scratch.sh"
mkdir -m 700 sockets
export SWR_SOCKET_DIR=$dir/sockets
flags=(-std=gnu11 -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Werror -I"$source/sdk")
"$@" "${flags[@]}" -shared -fPIC "$here/lib.c" -o libmodes.so &&
    "$@" "${flags[@]}" -shared -fPIC "$here/shim.c" -o shim.so &&
    "$@" "${flags[@]}" "$here/use.c" -o use -L. -lmodes -Wl,-rpath,"$dir" -ldl || exit 1

rules=('i32 number(i32 key, out i32 value) ttl=1h' 'f64 ratio(i32 key) ttl=1h' 'str text(i32 key) ttl=1h'
    'cstr name(i32 key) ttl=1h' 'void fill(i32 key, out bytes[room] buffer, u64 room) ttl=1h')
all() { # more of each rule: the arguments of run
    for rule in "${rules[@]}"; do printf '%s\n' --wrap "$rule $1"; done
}
run() { # more of each rule, lines, options...
    local more=() options=()
    mapfile -t more < <(all "$1")
    options=("${@:3}")
    printf '%b' "$2" | SWR_LOG=$dir/log "$swrctl" run "${options[@]}" "${more[@]}" -- ./use 2>&1 | paste -sd '|'
}

# 160 calls of five keys: five misses, 155 hits of which ten are compared.
for f in number ratio text name fill; do
    rm -f log
    expect "$f on" '5 old 0 new 160' "$(run '' "$f 160\n")"
    expect "$f off" '160 old 0 new 160' "$(run mode=off "$f 160\n")"
    expect "$f observed" '160 old 0 new 160|0 old 0 new 0|5 old 0 new 5' "$(run mode=observe "$f 160\nworld 1\n$f 5\n")"
    expect "$f agrees" '15 old 0 new 160' "$(run mode=shadow "$f 160\n")"
    expect "$f agrees in the log" '' "$(cat log 2>/dev/null)"
    # Another world: most of the last 32 answers are wrong, each a quarter of a second after the other. What is
    # remembered is served to the last.
    expect "$f differs" "15 old 0 new 160|1 old 16 new 0|11 old 6 new 10|16 old 0 new 16" \
        "$(SWR_CLOCK=manual run mode=shadow "$f 160\nworld 1\n$(printf "$f 16\\nadvance 250\\n%.0s" {1..35})" |
            tr '|' '\n' | grep -v '^0 old 0' | uniq | paste -sd '|')"
    expect "$f says so" "$f: shadow: 31 of the last 32 fresh answers differed from the function's; it is not cached any more" \
        "$(sed -n '2s/; last .*//p' log)"
done

# What the caller gets of a function that owns its result is that function's, when nothing is kept.
expect 'a percentage of the keys' 1 "$(run percent=50 'number 160\n' | awk '{ print ($1 > 5 && $1 < 160 && $5 == 160) }')"
expect '--mode says more than rules' '160 old 0 new 160' "$(run mode=shadow 'text 160\n' --mode observe)"
expect '--mode on' '5 old 0 new 160' "$(run mode=off 'text 160\n' --mode on)"
contains '--mode late' 'write observe, shadow, on or off' "$(run '' '' --mode late)"
contains 'percent=0' "percent=0: write a number from 1 to 100" "$(run percent=0 '')"
contains 'mode=late' 'mode=late: write one of on|off|shadow|observe' "$(run mode=late '')"

# A parameter that was forgotten cannot be seen in the file; it is seen in the answers.
rm -f log
printf 'pair 100\nadvance 100\npair 100\n' | SWR_CLOCK=manual SWR_LOG=$dir/log "$swrctl" run --wrap 'i32 pair(i32 a) mode=shadow' -- ./use >/dev/null
contains 'a wrong rule' 'pair: shadow: ' "$(cat log)"

# Shims: as they are annotated, and as the environment says.
shim() { # lines
    printf '%b' "$1" | LD_PRELOAD="$dir/shim.so $library" ./use | paste -sd '|'
}
expect 'a shim on' '5 old 0 new 160' "$(shim 'number 160\n')"
expect 'a shim annotated to be compared' '15 old 0 new 160' "$(shim 'text 160\n')"
expect 'a shim annotated to be observed' '160 old 0 new 160' "$(shim 'fill 160\n')"
expect 'shims by the environment, shadow' '15 old 0 new 160' "$(SWR_MODE=shadow shim 'number 160\n')"
expect 'shims by the environment, off' '160 old 0 new 160' "$(SWR_MODE=off shim 'number 160\n')"

# Live, of both kinds.
live() { # what, command...
    coproc PROGRAM { SWR_CONTROL=1 exec "${@:2}"; }
    local pid=$PROGRAM_PID in=${PROGRAM[1]} out=${PROGRAM[0]} line
    ask() {
        echo "$1" >&"$in" && read -r -t 300 line <&"$out" && echo "$line"
    }
    for _ in $(seq 200); do # the socket comes with a call later than a quarter of a second after the first
        ask 'number 5' >/dev/null
        [ -S "sockets/$pid.sock" ] && break
        sleep 0.05
    done
    expect "$1: on" '0 old 0 new 160' "$(ask 'number 160')"
    "$swrctl" -p "$pid" mode number observe --for 1h || failed=1
    expect "$1: observe" '160 old 0 new 160' "$(ask 'number 160')"
    contains "$1: observed" 'number: 160 calls of 5 keys' "$("$swrctl" observe "$pid")"
    "$swrctl" -p "$pid" mode all shadow || failed=1
    expect "$1: shadow" '10 old 0 new 160' "$(ask 'number 160')"
    contains "$1: in functions" '"compared":10,"differed":0' "$("$swrctl" -p "$pid" --json functions)"
    "$swrctl" -p "$pid" mode number on --percent 1 || failed=1
    expect "$1: hardly any key" '160 old 0 new 160' "$(ask 'number 160')"
    "$swrctl" -p "$pid" mode number off || failed=1
    expect "$1: off" '160 old 0 new 160' "$(ask 'number 160')"
    exec {in}>&-
    wait "$pid" 2>/dev/null
}
live 'a wrapped function' "$swrctl" run --wrap "${rules[0]}" -- ./use
live 'a shim' env LD_PRELOAD="$dir/shim.so $library" ./use

echo "$tried tried"
exit $failed
