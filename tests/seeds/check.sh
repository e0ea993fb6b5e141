#!/bin/bash
# Every line of C in the table of sdk/README.md stands in seeds.c, which runs as a test.
# usage: check.sh README SEEDS
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
tr -s ' \n' ' ' <"$2" >"$tmp/seeds"
# The last column of the table's rows, the code in it a line each.
sed -n '/^| there /,/^$/p' "$1" | sed '1,2d; s/\\|/\x01/g' | awk -F'|' 'NF > 4 { print $4 }' |
    grep -o '`[^`]*`' | tr -d '`' | tr '\001' '|' >"$tmp/lines"
count=0
failed=0
while IFS= read -r line; do
    count=$((count + 1))
    grep -qF -- "$line" "$tmp/seeds" && continue
    echo "not in seeds.c: $line"
    failed=1
done <"$tmp/lines"
echo "$count lines"
[ $count -ge 40 ] && exit $failed
