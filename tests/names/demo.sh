#!/bin/bash
# One unmodified program with a directory that takes 20 ms for each question: as it is, and with the names preset.
# usage: inside.sh BUILD/tests/names demo.sh BUILD
set -u
build=$(readlink -f "$1")
PATH=$build/tools/swrctl:$PATH
mkdir "$SWR_TEST_FILES/demo" && cd "$SWR_TEST_FILES/demo" || exit 1
export LC_ALL=C SWRSLOW_LOG=$PWD/log

program=(find tree -printf '%u %g %p\n')
mkdir tree
for ((i = 0; i < 200; i++)); do
    if ! : >"tree/$i" || ! chown $((20000 + i % 10)):$((20010 + i % 5)) "tree/$i" 2>/dev/null; then
        # No other users in a namespace of one's own: a program that only asks who they are.
        program=(perl -e 'print getpwuid(20000 + $_ % 10) . " " . getgrgid(20010 + $_ % 5) . " $_\n" for 1 .. 200')
        break
    fi
done

run() { # command...
    local start=$EPOCHREALTIME word typed=
    for word; do
        [[ $word == *[^A-Za-z0-9_./=-]* ]] && word="'$word'"
        typed+=" $word"
    done
    echo "\$$typed | sha256sum"
    : >"$SWRSLOW_LOG"
    SWRSLOW_MS=20 "$@" | sha256sum | sed 's/^\(.\{16\}\).*/\1.../'
    echo "$(((${EPOCHREALTIME/./} - ${start/./}) / 1000)) ms, $(wc -l <"$SWRSLOW_LOG") questions to the directory"
}

run "${program[@]}"
run swrctl run --preset names -- "${program[@]}"
