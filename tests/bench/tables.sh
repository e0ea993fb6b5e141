#!/bin/bash
# tools/bench/tables: figures of a run come into the marked places of a file, and nowhere else.
# usage: tables.sh TABLES SWRBENCH
set -u
tables=$1 bench=$2
command -v python3 >/dev/null || exit 77
. "$(dirname "$0")/scratch.sh"

"$bench" --json --quick stampede >"$dir/figures" 2>/dev/null || fail 'stampede'
"$bench" --json --quick memory 1000 >>"$dir/figures" 2>/dev/null || fail 'memory'
"$bench" --json --quick order >>"$dir/figures" 2>/dev/null || fail 'order'
printf '%s\n' before '<!-- bench: memory -->' 'an old table' '<!-- /bench -->' after '<!-- bench: goals -->' \
    'stays' '<!-- /bench -->' '<!-- bench: order -->' '<!-- /bench -->' >"$dir/page.md"
"$tables" "$dir/figures" "$dir/page.md" 2>"$dir/err" || fail "status $?: $(cat "$dir/err")"
grep -q "no figures for 'goals'" "$dir/err" || fail "a table without figures is not told: $(cat "$dir/err")"
[ "$(grep -c '^| 1,000 |' "$dir/page.md")" -eq 1 ] || fail "no row: $(cat "$dir/page.md")"
[ "$(grep -Ec '^[|] (zipf|all) [|] alike [|]' "$dir/page.md")" -eq 2 ] || fail "no rows: $(cat "$dir/page.md")"
grep -q 'old table' "$dir/page.md" && fail 'the old table is still there'
[ "$(sed -n '1p;/^after$/p;/^stays$/p' "$dir/page.md" | tr '\n' ' ')" = 'before after stays ' ] ||
    fail "what is not marked has changed: $(cat "$dir/page.md")"
cp "$dir/page.md" "$dir/once.md"
"$tables" "$dir/figures" "$dir/page.md" 2>/dev/null
cmp -s "$dir/once.md" "$dir/page.md" || fail 'a second time it changes again'

refused() { # what the message must hold, arguments...
    local said
    said=$("$tables" "${@:2}" 2>&1) && fail "no error: $*"
    [[ $said == *"$1"* ]] || fail "wanted '$1' in '$said'"
}
printf '<!-- bench: nothing -->\n<!-- /bench -->\n' >"$dir/wrong.md"
echo 'plain' >"$dir/plain.md"
refused 'usage:'
refused 'usage:' "$dir/figures"
refused "no table 'nothing'" "$dir/figures" "$dir/wrong.md"
refused 'no line <!-- bench' "$dir/figures" "$dir/plain.md"
refused ':1: no JSON' "$dir/plain.md" "$dir/page.md"

[ "$failures" -eq 0 ] && echo 'tables: right'
exit "$((failures != 0))"
