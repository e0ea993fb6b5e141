#!/bin/bash
# Every line that swrbench prints with --json is one object with the fields that all have; and how it ends.
# usage: lines.sh SWRBENCH
set -u
bench=$1
failures=0

fail() {
    echo "FAILED: $1"
    failures=$((failures + 1))
}
lines() { # how many lines, command...
    local least=$1 output status
    shift
    output=$("$bench" --json --rounds 1 "$@" 2>/dev/null)
    status=$?
    [ "$status" -eq 0 ] || fail "$*: status $status"
    [ "$(wc -l <<<"$output")" -ge "$least" ] || fail "$*: fewer than $least lines: $output"
    while read -r line; do
        [[ $line =~ ^\{\"bench\":\"$1\",\"case\":\"[^\"]+\",.*\"runtime\":true\}$ ]] || fail "$*: $line"
        [[ $line =~ (nan|inf[,}]) ]] && fail "$*: no number: $line"
        for name in unit median min max rounds; do
            [[ $line == *"\"$name\":"* ]] || fail "$*: no $name: $line"
        done
    done <<<"$output"
    printf '%s\n' "$output"
}
usage() { # command...
    "$bench" "$@" >/dev/null 2>&1
    [ "$?" -eq 2 ] || fail "wrong usage is not told: $*"
}

memory=$(lines 1 memory 100000)
[[ $memory == *'"case":"100000"'* ]] || fail "entries asked for: $memory"
own=$(sed 's/.*"own_bytes_per_entry":\([0-9.]*\).*/\1/' <<<"$memory")
rss=$(sed 's/.*"median":\([0-9.]*\).*/\1/' <<<"$memory")
awk -v own="$own" -v rss="$rss" 'BEGIN { exit !(own > 32 && own < rss * 1.1 && rss < own * 1.1) }' ||
    fail "the runtime counts $own bytes an entry, the system $rss"
start=$(lines 2 start)
[[ $start == *'"threads":0,"descriptors":0'* ]] || fail "a program that calls no cached function: $start"
# Of several rounds the shortest: noise only makes a start longer.
shortest() { sed -n "s/.*\"case\":\"$1\".*\"min\":\([0-9.]*\).*/\1/p" <<<"$start"; }
awk -v plain="$(shortest plain)" -v preloaded="$(shortest preloaded)" \
    'BEGIN { exit !(plain > 0 && preloaded > 0 && preloaded - plain < 20000) }' || fail "it starts 20 ms later: $start"
awk -v own="$(sed -n 's/.*"own_kb":\([0-9.-]*\).*/\1/p' <<<"$start")" 'BEGIN { exit !(own != "" && own <= 200) }' ||
    fail "more than 200 KB in a program that calls no cached function: $start"
left=$(sed 's/.*"left_pct":\([0-9.]*\).*/\1/' <<<"$memory")
awk -v left="$left" 'BEGIN { exit !(left < 25) }' || fail "$left % of the memory stays after a purge"

if command -v python3 >/dev/null; then
    names=$(lines 3 names)
    [[ $names == *'python3, time to live'* && $names == *'python3, stale while asking'* ]] || fail "names: $names"
    # The name server takes 300 ms: with a time to live somebody waits for it, with stale answers nobody does. A busy
    # machine may hold a lookup up as long, but not three times.
    worst() { sed -n "s/.*\"case\":\"python3, $1\",\"unit\":\"us\",\"median\":\([0-9.]*\).*/\1/p" <<<"$names"; }
    for _ in 1 2; do
        awk -v us="$(worst 'stale while asking')" 'BEGIN { exit !(us != "" && us < 150000) }' && break
        names=$(lines 3 names)
    done
    awk -v stale="$(worst 'stale while asking')" -v ttl="$(worst 'time to live')" \
        'BEGIN { exit !(stale != "" && stale < 150000 && ttl >= 300000) }' ||
        fail "the worst lookup waits for the name server: $names"
fi
lines 1 stampede | grep FAILED && fail stampede
lines 1 edge | grep FAILED && fail edge
lines 1 invalidate | grep FAILED && fail invalidate

usage
usage names more
usage memory many
usage memory 0
usage stampede 1
usage nothing
usage --rounds 0 stampede
usage --rounds
usage --what stampede
"$bench" --help | grep -q '^usage: swrbench' || fail 'no help'

printf '%s\n' "$memory" "${names-}" | grep FAILED
[ "$failures" -eq 0 ] && ! grep -q FAILED <<<"$memory ${names-}" && echo 'swrbench: right' && exit 0
exit 1
