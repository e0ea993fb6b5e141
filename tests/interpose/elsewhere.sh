#!/bin/bash
# The entry, stubs and wrappers where they are not at home:
#   aarch64    another machine: cross-compiled, and run by qemu's user emulation
#   musl       another libc, with its own dynamic linker
# usage: elsewhere.sh aarch64|musl SWRCTL GENERATE SOURCE COUNT
set -u
where=$1 swrctl=$2 generate=$3 source=$4 count=$5
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/include"
cp /usr/include/xxhash.h "$dir/include" || exit 1 # a header alone: the same everywhere
case $where in
aarch64)
    tools=(aarch64-linux-gnu-gcc qemu-aarch64)
    options=(--machine aarch64)
    start=(qemu-aarch64 -L /usr/aarch64-linux-gnu)
    setting=-E
    ;;
musl)
    tools=(musl-gcc)
    options=()
    start=(env)
    setting=
    # The kernel's headers, which are no libc's.
    for headers in /usr/include/linux /usr/include/asm-generic /usr/include/asm /usr/include/*-linux-gnu/asm; do
        [ ! -d "$headers" ] || ln -sfn "$headers" "$dir/include/"
    done
    ;;
esac
for tool in "${tools[@]}"; do
    if ! command -v "$tool" >/dev/null; then
        echo "skipped: $tool is not installed"
        exit 77
    fi
done
cc=${tools[0]}
"$cc" -std=gnu11 -D_GNU_SOURCE= -DNDEBUG -O1 -fPIC -fvisibility=hidden -fexceptions -fasynchronous-unwind-tables -shared \
    -pthread -I"$source/lib" -I"$source/sdk" -I"$dir/include" -Wl,--version-script="$source/lib/swrcache.map" \
    -Wl,-z,nodelete,-z,now -Wl,-soname,libswrcache.so.0 \
    "$source"/lib/{base,core,runtime/*,control,attach,interpose}/*.[cS] -o "$dir/libswrcache.so.0" || exit 1
"$generate" lib "$count" >"$dir/lib.c" && "$generate" calls "$count" >"$dir/calls.c" &&
    "$generate" rules "$count" >"$dir/rules" || exit 1
flags=(-std=gnu11 -w -O0 -I"$source/tests/interpose/abi" -I"$source/sdk")
"$cc" "${flags[@]}" -fPIC -shared "$dir/lib.c" -o "$dir/libsubject.so" &&
    "$cc" "${flags[@]}" "$dir/calls.c" -o "$dir/calls" -L"$dir" -lsubject -Wl,-rpath,"$dir" || exit 1
sed 's/^ttl = .*/mode = off/' "$dir/rules" >"$dir/rules.off"
failed=0
run() { # mode, rules, environment...
    local mode=$1 rules=$2 name with=()
    shift 2
    for name in SWR_CONTROL=0 SWR_CLOCK=manual "$@" "LD_PRELOAD=$dir/wrap.so:$dir/libswrcache.so.0"; do
        with+=(${setting:+"$setting"} "$name")
    done
    "$swrctl" wrap "${options[@]}" --no-dlsym --output "$dir/wrap.so" --config "$rules" &&
        "${start[@]}" "${with[@]}" "$dir/calls" "$mode" "$dir/libsubject.so" || failed=1
}
run plain "$dir/rules" SWR_ENABLE=0
run off "$dir/rules.off"
run cached "$dir/rules"
exit $failed
