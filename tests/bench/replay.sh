#!/bin/bash
# swrbench replay: what it counts on traces made here, its fields, and its exit codes.
# usage: replay.sh SWRBENCH
set -u
bench=$1
. "$(dirname "$0")/scratch.sh"
field() { # line, name
    sed -n "s/.*\"$2\":\"\{0,1\}\([^,\"}]*\).*/\1/p" <<<"$1"
}
expect() { # what, status, command...
    local what=$1 wanted=$2 status
    shift 2
    "$@" >"$dir/out" 2>"$dir/err"
    status=$?
    [ "$status" -eq "$wanted" ] || fail "$what: status $status, not $wanted: $(cat "$dir/err")"
}

# A few hot keys among many cold ones, a request every 7 seconds: every age of an entry comes up.
awk 'BEGIN {
    seed = 7
    for (i = 0; i < 3000; i++) {
        seed = (seed * 1103515245 + 12345) % 2147483648
        key = int(seed / 65536) % 4 ? int(seed / 65536) % 23 : int(seed / 1024) % 5000
        print i * 7000 + i % 3, key
    }
}' >"$dir/timed.tsk"
cut -d' ' -f2 "$dir/timed.tsk" >"$dir/keys.txt"

# The same in awk: fresh below 60 s, stale below 300 s; a computation takes no time.
expected=$(awk '{
    age = $2 in born ? $1 - born[$2] : 1e18
    kind = age < 60000 ? "fresh" : age < 300000 ? "stale" : "miss"
    n[kind]++
    if (kind != "fresh") born[$2] = $1
} END { print n["fresh"], n["stale"], n["miss"] }' "$dir/timed.tsk")

expect 'timed trace' 0 "$bench" --json replay "$dir/timed.tsk"
line=$(grep answers_differing "$dir/out")
got="$(field "$line" fresh) $(field "$line" stale) $(field "$line" miss)"
[ "$got" = "$expected" ] || fail "the runtime counts '$got', plain arithmetic '$expected'"
[ "$(field "$line" median)" = 0 ] || fail "answers differ from the oracle: $line"
for count in $expected; do
    [ "$count" -gt 100 ] || fail "a trace that shows little: $expected"
done

# With room for a tenth of the keys there are hits, and never more than without bounds.
expect 'plain trace' 0 "$bench" --json replay "$dir/keys.txt"
[ "$(grep -c '"unit":"hit_pct"' "$dir/out")" -eq 4 ] || fail 'three points and a mean'
line=$(sed -n 3p "$dir/out")
unique=$(sort -u "$dir/keys.txt" | wc -l)
[ "$(field "$line" entries)" -eq $(((unique + 5) / 10)) ] || fail "a tenth of $unique keys: $line"
awk -v got="$(field "$line" median)" -v most="$(field "$line" infinite_pct)" \
    'BEGIN { exit !(got > 20 && got <= most) }' || fail "hit ratio out of reason: $line"
awk -v got="$(field "$line" saved_tenth)" 'BEGIN { exit !(got > 1.0) }' ||
    fail "knowing what entries cost does not pay: $line"
for name in bench case unit median min max rounds entries requests runtime; do
    [ -n "$(field "$line" "$name")" ] || fail "no field $name: $line"
done

# A packed file is the same trace. (The ratios differ a little: hashes are seeded for each process.)
if command -v xz >/dev/null; then
    xz -k "$dir/keys.txt"
    plain=$line
    expect 'packed trace' 0 "$bench" --json replay "$dir/keys.txt.xz"
    line=$(sed -n 3p "$dir/out")
    for name in case entries requests infinite_pct; do
        [ "$(field "$line" "$name")" = "$(field "$plain" "$name")" ] || fail "packed it is another trace: $line"
    done
    head -c 50 "$dir/keys.txt.xz" >"$dir/cut.txt.xz"
    expect 'damaged trace' 1 "$bench" replay "$dir/cut.txt.xz"
fi

# The pictures, and what is said where they cannot be drawn.
if command -v gnuplot >/dev/null; then
    expect 'plots' 0 "$bench" --json --plot "$dir/plots" replay "$dir/keys.txt"
    for name in hit-ratio time-saved; do
        grep -q '>keys<' "$dir/plots/$name.svg" && grep -q '</svg>' "$dir/plots/$name.svg" || fail "no picture $name"
        grep -q '^10' "$dir/plots/$name.dat" || fail "no point at a tenth of the keys in $name.dat"
    done
fi
expect 'no folder for plots' 1 "$bench" --plot "$dir/none/deeper" replay "$dir/keys.txt"
grep -q "$dir/none/deeper" "$dir/err" || fail "the folder is not named: $(cat "$dir/err")"

printf '5 1\n4 2\n' >"$dir/back.tsk"
printf '1\ntwo\n' >"$dir/word.txt"
mkdir "$dir/empty"
: >"$dir/empty.txt"
expect 'time runs back' 1 "$bench" replay "$dir/back.tsk"
grep -q 'back.tsk:2:' "$dir/err" || fail "the line is not named: $(cat "$dir/err")"
expect 'a word for a key' 1 "$bench" replay "$dir/word.txt"
grep -q 'word.txt:2:' "$dir/err" || fail "the line is not named: $(cat "$dir/err")"
expect 'empty trace' 1 "$bench" replay "$dir/empty.txt"
expect 'no such trace' 1 "$bench" replay "$dir/none"
expect 'a folder for a trace' 1 "$bench" replay "$dir/empty"
grep -qi 'is a directory' "$dir/err" || fail "the reason is not said: $(cat "$dir/err")"
expect 'no folder of traces' 1 "$bench" --traces "$dir/none" replay
grep -q 'No such file' "$dir/err" || fail "the reason is not said: $(cat "$dir/err")"
expect 'a word for a number of entries' 2 "$bench" --quick memory 1000 some
[ ! -s "$dir/out" ] || fail "measured before all was read: $(cat "$dir/out")"
expect 'fewer than no entries' 2 "$bench" memory 18446744073709551615
expect 'a folder without traces' 1 "$bench" --traces "$dir/empty" replay
grep -q -- '--traces' "$dir/err" || fail "the option is not named: $(cat "$dir/err")"

# A folder of traces: a plain one whose timed one is there too counts once.
mkdir "$dir/folder"
cp "$dir/keys.txt" "$dir/folder/same.txt"
cp "$dir/timed.tsk" "$dir/folder/same.tsk"
cp "$dir/keys.txt" "$dir/folder/other.txt"
expect 'a folder of traces' 0 "$bench" --json --traces "$dir/folder" replay
[ "$(grep -c '"unit":"hit_pct"' "$dir/out")" -eq 7 ] || fail "two traces and a mean: $(cat "$dir/out")"
[ "$(grep -c answers_differing "$dir/out")" -eq 1 ] || fail 'one of them timed'

# Exact LRU and ARC, on a trace small enough to be gone through by hand.
printf '%s\n' 1 1 2 3 1 >"$dir/hand.txt"
for i in $(seq 4 20); do echo "$i"; done >>"$dir/hand.txt"
expect 'a trace done by hand' 0 "$bench" --json replay "$dir/hand.txt"
# A tenth of 20 keys is 2: LRU hits the second 1 alone, ARC keeps it for the last one, as it was asked for twice.
line=$(sed -n 3p "$dir/out")
awk -v lru="$(field "$line" lru_pct)" -v arc="$(field "$line" arc_pct)" \
    'BEGIN { exit !(lru > 100 / 22 - 0.01 && lru < 100 / 22 + 0.01 && arc > 200 / 22 - 0.01 && arc < 200 / 22 + 0.01) }' ||
    fail "LRU and ARC: $line"

# Without traces some are made.
expect 'no trace' 0 "$bench" --json --rounds 1 replay
for name in zipf scans shifting mean; do
    grep -q "\"case\":\"$name\"" "$dir/out" || fail "no trace $name made: $(cat "$dir/out")"
done
expect 'switched off' 1 env SWR_ENABLE=0 "$bench" replay "$dir/keys.txt"

[ "$failures" -eq 0 ] && echo 'swrbench replay: right'
exit "$((failures != 0))"
