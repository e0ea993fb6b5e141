#!/bin/bash
# swrbench order: counts that can be done by hand, the order that is better, and its exit codes. The time is virtual:
# the same figures on every machine.
# usage: order.sh SWRBENCH
set -u
bench=$1
. "$(dirname "$0")/scratch.sh"
expect() { # what, status, arguments...
    local what=$1 wanted=$2 status
    shift 2
    "$bench" "$@" >"$dir/out" 2>"$dir/err"
    status=$?
    [ "$status" -eq "$wanted" ] || fail "$what: status $status, not $wanted: $(cat "$dir/err")"
}
has() { # case, "field":value...
    local line field
    line=$(grep -F "\"case\":\"$1\"" "$dir/out") || fail "no case $1: $(cat "$dir/out")"
    for field in "${@:2}"; do
        [[ $line == *"$field"[,}]* ]] || fail "no $field: $line"
    done
}

# Five keys grow stale with request 1,000. Two workers have the first two until 10 and 10.1 ms; then comes the hot one,
# or both keys that were asked for once before it did: it is old for 20 ms or 30, and asked for every 0.1.
repeat() { # key, times
    for ((i = 0; i < $2; i++)); do echo "$1"; done
}
{
    repeat 9 996
    printf '%s\n' 1 2 3 4 1 2 3 4
    repeat 9 996
} >"$dir/hand.txt"
expect 'a trace done by hand' 0 --json --quick order "$dir/hand.txt"
has 'hand, alike' '"unit":"times ours"' '"median":1.5' '"min":1.5' '"max":1.5' '"rounds":1' '"keys":5' \
    '"first_old":300' '"ours_old":200' '"by_cost":1.5' '"by_age":2.25377'
has 'hand, 1 in 10 dear' '"keys":5'
has 'all, alike' '"median":1.5' '"rounds":1'

# On traces made here the order is not worse than first come, first served; and twice the same.
expect 'no trace' 0 --json order
cp "$dir/out" "$dir/once"
for name in zipf scans shifting all; do
    has "$name, alike" '"rounds":3'
    has "$name, 1 in 10 dear" '"rounds":3'
done
[ "$(wc -l <"$dir/out")" -eq 8 ] || fail "not two lines a trace and two of all: $(cat "$dir/out")"
awk -F'"min":|,"max"' '/, alike"/ && !($2 >= 1) { exit 1 }' "$dir/out" ||
    fail "first come, first served is better: $(cat "$dir/out")"
expect 'no trace again' 0 --json order
cmp -s "$dir/once" "$dir/out" || fail 'another result of the same'

expect 'for people' 0 --quick order "$dir/hand.txt"
grep -Eq '^  hand +alike +5 +300 +200 +1\.50 ' "$dir/out" || fail "no row: $(cat "$dir/out")"

echo 7 >"$dir/one.txt"
: >"$dir/empty.txt"
expect 'one request' 0 --json order "$dir/one.txt"
has 'one, alike' '"median":1' '"keys":1' '"by_age":1'
expect 'empty trace' 1 order "$dir/empty.txt"
grep -q 'empty.txt' "$dir/err" || fail "the file is not named: $(cat "$dir/err")"
expect 'no such trace' 1 order "$dir/none"

[ "$failures" -eq 0 ] && echo 'swrbench order: right'
exit "$((failures != 0))"
