#!/bin/bash
# The entry, stubs and wrappers of aarch64, on any machine: cross-compiled, and run by qemu's user emulation.
# usage: aarch64.sh SWRCTL GENERATE SOURCE COUNT
set -u
swrctl=$1 generate=$2 source=$3 count=$4
cc=aarch64-linux-gnu-gcc
for tool in $cc qemu-aarch64; do
    if ! command -v $tool >/dev/null; then
        echo "skipped: $tool is not installed"
        exit 77
    fi
done
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/include"
cp /usr/include/xxhash.h "$dir/include" || exit 1 # a header alone: the same for every machine
$cc -std=gnu11 -D_GNU_SOURCE= -DNDEBUG -O1 -fPIC -fvisibility=hidden -fexceptions -fasynchronous-unwind-tables -shared \
    -pthread -I"$source/lib" -I"$source/sdk" -I"$dir/include" -Wl,--version-script="$source/lib/swrcache.map" \
    -Wl,-z,nodelete,-z,now,-z,defs -Wl,-soname,libswrcache.so.0 \
    "$source"/lib/{base,core,runtime,control,interpose}/*.[cS] -o "$dir/libswrcache.so.0" || exit 1
"$generate" lib "$count" >"$dir/lib.c" && "$generate" calls "$count" >"$dir/calls.c" &&
    "$generate" rules "$count" >"$dir/rules" || exit 1
flags=(-std=gnu11 -w -O0 -I"$source/tests/interpose/abi" -I"$source/sdk")
$cc "${flags[@]}" -fPIC -shared "$dir/lib.c" -o "$dir/libsubject.so" &&
    $cc "${flags[@]}" "$dir/calls.c" -o "$dir/calls" -L"$dir" -lsubject -Wl,-rpath,"$dir" || exit 1
sed 's/^ttl = .*/mode = off/' "$dir/rules" >"$dir/rules.off"
failed=0
run() { # mode, rules, environment...
    local mode=$1 rules=$2
    shift 2
    "$swrctl" wrap --machine aarch64 --no-dlsym --output "$dir/wrap.so" --config "$rules" &&
        qemu-aarch64 -L /usr/aarch64-linux-gnu -E SWR_CONTROL=0 -E SWR_CLOCK=manual "$@" \
            -E LD_PRELOAD="$dir/wrap.so:$dir/libswrcache.so.0" "$dir/calls" "$mode" "$dir/libsubject.so" || failed=1
}
run plain "$dir/rules" -E SWR_ENABLE=0
run off "$dir/rules.off"
run cached "$dir/rules"
exit $failed
