#!/bin/bash
# Results that the caller must not free: what becomes of what a program writes into them, and of very many.
# usage: texts.sh SWRCTL LIBRARY SOURCES CC...
set -u
swrctl=$(realpath "$1") library=$(realpath "$2") sources=$(realpath "$3")
shift 3
. "$(dirname "$0")/../scratch.sh"
cc=("$@" -std=gnu11 -D_GNU_SOURCE -O2)
"${cc[@]}" -fPIC -shared "$here/lib.c" -o libtexts.so -Wl,-soname,libtexts.so &&
    "${cc[@]}" -I"$sources/sdk" "$here/use.c" -o use -L. -ltexts -Wl,-rpath,"$dir" -pthread -ldl || exit 1
rules=(--wrap 'cstr title_of(i32 id) ttl=1h' --wrap 'cstr name_of(i32 n) ttl=1h')

expect 'written into' '0 wrong, 1 calls' "$("$swrctl" run "${rules[@]}" -- ./use written)"
expect 'written into by another thread' '0 wrong, 1 calls' "$("$swrctl" run "${rules[@]}" -- ./use threads)"

export SWR_CONTROL=1 SWR_SOCKET_DIR=$dir/sockets SWR_CLOCK=manual SWR_LOG=$dir/log
coproc "$swrctl" run "${rules[@]}" -- ./use many
pid=$COPROC_PID
exec 3<&"${COPROC[0]}" 4>&"${COPROC[1]}" # bash forgets them when it ends
read -r line <&3
expect 'very many' '0 wrong, full, held' "$line"
expect 'the bound is told once' 1 "$(grep -c 'texts that functions gave out' log)"
contains 'the reason is told' 'texts that were given out as cstr' \
    "$("$swrctl" -p "$pid" explain 'name_of(200000)' 2>&1)"
echo go >&4
read -r line <&3
expect 'what is old has gone' 'room again' "$line"
read -r line <&3
expect 'memory' '0 wrong, bounded' "$line"
wait "$pid"
echo "$tried tried"
exit "$failed"
