#!/bin/bash
# Every line that swrbench prints with --json is one object with the fields that all have; and how it ends.
# usage: lines.sh SWRBENCH MANUAL
set -u
bench=$1 manual=$2
. "$(dirname "$0")/scratch.sh"
lines() { # how many lines, command...
    local least=$1 output status line name
    shift
    output=$("$bench" --json --quick "$@" 2>"$dir/err")
    status=$?
    [ "$status" -eq 0 ] || fail "$*: status $status: $(cat "$dir/err")"
    [ "$(wc -l <<<"$output")" -ge "$least" ] || fail "$*: fewer than $least lines: $output"
    while read -r line; do
        [[ $line =~ ^\{\"bench\":\"[a-z]+\",\"case\":\"[^\"]+\",.*\"runtime\":true\}$ ]] || fail "$*: $line"
        [[ $line =~ (nan|inf[,}]) ]] && fail "$*: no number: $line"
        for name in unit median min max rounds; do
            [[ $line == *"\"$name\":"* ]] || fail "$*: no $name: $line"
        done
    done <<<"$output"
    parse <<<"$output" || fail "$*: not all lines are JSON"
    printf '%s\n' "$output" >"$dir/lines"
}
parse() {
    command -v python3 >/dev/null || return 0
    python3 -c 'import json, sys
for line in sys.stdin:
    found = json.loads(line)
    assert found["rounds"] == 0 or found["min"] <= found["median"] <= found["max"], line'
}
has() { # case, field...
    local name=$1 line field
    shift
    line=$(grep -F "\"case\":\"$name\"" "$dir/lines" | head -n 1)
    [ -n "$line" ] || fail "no case $name: $(cat "$dir/lines")"
    for field in "$@"; do
        [[ $line == *"\"$field\":"* ]] || fail "$name: no $field: $line"
    done
}
# One error that names what is wrong, and the status of wrong usage.
usage() { # what it must say, arguments...
    local said
    said=$("$bench" "${@:2}" 2>&1 >/dev/null)
    [ "$?" -eq 2 ] || fail "wrong usage is not told: ${*:2}"
    [[ $said == *"$1"* ]] || fail "wanted '$1' in '$said'"
}

# A picture is valid XML and has each series by its name.
picture() { # name, series...
    local name=$1 series
    shift
    if command -v python3 >/dev/null; then
        python3 -c 'import sys, xml.dom.minidom as dom; dom.parse(sys.argv[1])' "$dir/plots/$name.svg" ||
            fail "$name.svg is no SVG"
    fi
    for series in "$@"; do
        grep -q ">$series<" "$dir/plots/$name.svg" || fail "no '$series' in $name.svg"
        grep -qx "# $series" "$dir/plots/$name.dat" || fail "no '$series' in $name.dat"
    done
}
plot=()
if command -v gnuplot >/dev/null; then
    plot=(--plot "$dir/plots")
fi

lines 14 "${plot[@]}" hit
[ ${#plot[@]} -eq 0 ] || picture scaling int_hot int_spread string_hot string_spread int_hot_mixed 'floor of int_hot'
for name in int_hot int_spread string_hot string_spread int_hot_chain int_spread_chain int_hot_mixed; do
    has "$name" threads floor_ns ratio ratio_min scaling hit_pct
    [ "$(grep -c "\"case\":\"$name\"" "$dir/lines")" -ge 2 ] || fail "$name with one and two threads"
done
grep -q '"case":"int_hot",.*"hit_pct":100,' "$dir/lines" || fail "hot hits that are none: $(cat "$dir/lines")"

lines 11 stale
has stale_first threads calls p99_ns p999_ns max_ns
has clock_moves threads calls p99_ns p999_ns max_ns
has stale_hit threads calls p99_ns
for name in held failing fallback failure; do
    has "$name" fresh_ns ratio old_ratio served_pct
done
[ "$(grep -c '"served_pct":100,' "$dir/lines")" -eq 4 ] || fail "old values that are none: $(cat "$dir/lines")"

lines 1 stampede
has cold threads bodies
grep -q '"bodies":1,' "$dir/lines" || fail "a cold key is computed more than once: $(cat "$dir/lines")"

lines 1 "${plot[@]}" edge
[ ${#plot[@]} -eq 0 ] || picture edge 'old values meanwhile' 'time to live alone'
has p999 p50_ns p99_ns max_ns waited
grep -q '"waited":0,' "$dir/lines" || fail "callers waited at a stale edge: $(cat "$dir/lines")"

lines 2 invalidate
has function entries hit_p999_ns hit_worst_ns
has region entries hit_p999_ns hit_worst_ns

lines 50 compare
for name in 'swrcache, numbers hot' 'floor, strings spread' 'mutex LRU, numbers spread' 'mutex LRU, strings hot'; do
    has "$name" threads peer version bounded times_ours
done
has 'rust quick_cache, strings hot' threads version
for server in memcached redis-server; do
    command -v "$server" >/dev/null || continue
    [ "$(grep -ciE "\"case\":\"${server%-server}, [a-z]* hot\"" "$dir/lines")" -eq 4 ] || fail "$server is not compared"
done

lines 1 memory 100000
has 100000 own_bytes_per_entry left_pct insert_worst_ns idle_worst_ns
own=$(sed 's/.*"own_bytes_per_entry":\([0-9.]*\).*/\1/' "$dir/lines")
rss=$(sed 's/.*"median":\([0-9.]*\).*/\1/' "$dir/lines")
awk -v own="$own" -v rss="$rss" 'BEGIN { exit !(own > 32 && own < rss * 1.1 && rss < own * 1.1) }' ||
    fail "the runtime counts $own bytes an entry, the system $rss"
left=$(sed 's/.*"left_pct":\([0-9.]*\).*/\1/' "$dir/lines")
awk -v left="$left" 'BEGIN { exit !(left < 25) }' || fail "$left % of the memory stays after a purge"

# Of several rounds the shortest: noise only makes a start longer.
shortest() { sed -n "s/.*\"case\":\"$1\".*\"min\":\([0-9.]*\).*/\1/p" "$dir/lines"; }
for _ in 1 2 3 4 5; do
    lines 6 start
    awk -v plain="$(shortest plain)" -v preloaded="$(shortest preloaded)" \
        'BEGIN { exit !(plain > 0 && preloaded > 0 && preloaded - plain < 20000) }' && early=yes && break
done
[ -n "${early-}" ] || fail "it starts 20 ms later: $(cat "$dir/lines")"
has preloaded more_us own_kb threads descriptors
has absent plain_ns
has disabled_library plain_ns
grep -q '"threads":0,"descriptors":0' "$dir/lines" || fail "threads or descriptors where nothing is cached: $(cat "$dir/lines")"
awk -v own="$(sed -n 's/.*"own_kb":\([0-9.-]*\).*/\1/p' "$dir/lines")" 'BEGIN { exit !(own != "" && own <= 200) }' ||
    fail "more than 200 KB in a program that calls no cached function: $(cat "$dir/lines")"
if grep -q '"case":"hit_calls"' "$dir/lines"; then
    grep -q '"case":"hit_calls","unit":"system calls","median":0,' "$dir/lines" ||
        fail "fresh hits make system calls: $(cat "$dir/lines")"
    median=$(sed -n 's/.*"case":"start_calls".*"median":\([0-9]*\).*/\1/p' "$dir/lines")
    [ "${median:-0}" -gt 0 ] || fail "a library is loaded without a system call: $(cat "$dir/lines")"
fi

if [ "$(uname -m)" = x86_64 ]; then
    lines 3 lines
    has 'numbers, after 2,000 hits of each' written read
    # A hit announces itself in its thread's own record, and reads its entry: neither can be missing.
    awk -F'"written":|,"read":|,"runtime"' '{ exit !($2 >= 1 && $3 >= 5) }' "$dir/lines" ||
        fail "a hit writes and reads nothing: $(cat "$dir/lines")"
fi

lines 2 wrap
has numbers annotated_ns plain_ns above_ns ratio
has texts annotated_ns plain_ns above_ns ratio

lines 1 idle
has woken threads seconds times

if command -v python3 >/dev/null; then
    lines 3 names
    has 'python3, time to live' typical_us lookups questions
    has 'python3, stale while asking' typical_us lookups questions
    # The name server takes 300 ms: with a time to live somebody waits for it, with stale answers nobody does. A busy
    # machine may hold a lookup up as long, but not every time.
    worst() { sed -n "s/.*\"case\":\"python3, $1\",\"unit\":\"us\",\"median\":\([0-9.]*\).*/\1/p" "$dir/lines"; }
    for _ in 1 2 3 4 5; do
        awk -v us="$(worst 'stale while asking')" 'BEGIN { exit !(us != "" && us < 300000) }' && break
        lines 3 names
    done
    awk -v stale="$(worst 'stale while asking')" -v ttl="$(worst 'time to live')" \
        'BEGIN { exit !(stale != "" && stale < 300000 && ttl >= 300000) }' ||
        fail "the worst lookup waits for the name server: $(cat "$dir/lines")"
fi

usage 'a command is missing'
usage 'not also: more' names more
usage 'not many' memory many
usage 'not 0' memory 0
usage 'not also: 1' stampede 1
usage 'not also: hit' all hit
usage 'no such command: nothing' nothing
usage 'from 1 to 100, not 0' --rounds 0 stampede
usage 'from 1 to 100, not 101' --rounds 101 stampede
usage 'missing after --rounds' --rounds
usage 'missing after --traces' --traces
usage 'unknown option: --what' --what stampede
(
    export SWR_ENABLE=0
    usage 'all needs the runtime' all
    exit "$((failures != 0))"
) || failures=$((failures + 1))

# Whatever it can do is in its help and in its manual, and the other way round.
"$bench" --help >"$dir/help" || fail 'no help'
grep -q '^usage: swrbench' "$dir/help" || fail 'no help'
for word in $(sed -n 's/^  \(--[a-z]*\|[a-z]*\) .*/\1/p' "$dir/help"); do
    grep -q -- "^\.B.*${word//-/\\\\-}" "$manual" || fail "$word is not in the manual"
done
for word in $(sed -n 's/^\.BI\{0,1\} \([a-z]*\)\( .*\)\{0,1\}$/\1/p' "$manual"); do
    [ "$word" = swrbench ] || grep -q "^  $word" "$dir/help" || fail "$word is in the manual alone"
done

[ "$failures" -eq 0 ] && echo 'swrbench: right'
exit "$((failures != 0))"
