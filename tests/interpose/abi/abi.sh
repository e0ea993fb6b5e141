#!/bin/bash
# Generated signatures through their stubs: plainly, switched off, and cached (a miss, a hit, a refresh).
# usage: abi.sh SWRCTL GENERATE SDK COUNT CC...       AS: how to run a program of another machine
set -u
swrctl=$1 generate=$2 sdk=$3 count=$4
shift 4
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export SWR_CONTROL=0 SWR_CLOCK=manual SWR_WRAP_DIR=$dir/wrap
"$generate" lib "$count" >"$dir/lib.c" && "$generate" calls "$count" >"$dir/calls.c" &&
    "$generate" rules "$count" >"$dir/rules" || exit 1
flags=(-std=gnu11 -w -I"$here" -I"$sdk")
"$@" "${flags[@]}" -O0 -fPIC -shared "$dir/lib.c" -o "$dir/libsubject.so" &&
    "$@" "${flags[@]}" -O0 "$dir/calls.c" -o "$dir/calls" -L"$dir" -lsubject -Wl,-rpath,"$dir" -ldl || exit 1
sed 's/^ttl = .*/mode = off/' "$dir/rules" >"$dir/rules.off"
failed=0
run() { # mode, rules
    "$swrctl" run --no-dlsym --config "$2" -- "$dir/calls" "$1" "$dir/libsubject.so" || failed=1
}
SWR_ENABLE=0 run plain "$dir/rules"
run off "$dir/rules.off"
run cached "$dir/rules"
exit $failed
