#!/bin/bash
# The same program is uncached by itself, cached with the library preloaded or linked by pkg-config, and
# uncached again when switched off: shown by counting runs of the bodies, for both compilers and each way to build.
# usage: run.sh BUILD
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/staged.sh"
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
unset LD_PRELOAD LD_LIBRARY_PATH SWR_ENABLE
export SWR_CONTROL=0
failed=0
passed=0

stage "$1" "$tmp/root" || exit 1
exec 9>&-
library=$(find "$tmp/root" -name libswrcache.so.0)
strict='-std=gnu11 -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wvla -Werror'
cflags="$strict $(staged_flags "$tmp/root" --cflags)"
libs=$(staged_flags "$tmp/root" --libs)

it() { # what, command...
    local what=$1
    shift
    if "$@" >"$tmp/said" 2>&1 && [ ! -s "$tmp/said" ]; then
        passed=$((passed + 1))
    else
        echo "FAILED: $what: $*"
        sed 's/^/  /' "$tmp/said"
        failed=1
    fi
}

# Without, preloaded, switched off: in_each_mode NAME PROGRAM ARGUMENTS-AFTER-THE-MODE...
in_each_mode() {
    local name=$1 program=$2
    shift 2
    it "$name, alone" "$program" uncached "$@"
    it "$name, preloaded" env LD_PRELOAD="$library" "$program" cached "$@"
    it "$name, preloaded and switched off" env LD_PRELOAD="$library" SWR_ENABLE=0 "$program" uncached "$@"
}

linked_modes() { # name, program, arguments after the mode...
    local name=$1 program=$2
    shift 2
    it "$name" env LD_LIBRARY_PATH="${library%/*}" "$program" cached "$@"
    it "$name, switched off" env LD_LIBRARY_PATH="${library%/*}" SWR_ENABLE=0 "$program" uncached "$@"
}

build() { # compiler, flags
    local name="$1 $2" out=$tmp/out sources
    local compile="$1 $cflags $2 -I $here" shared=${2/-fPIE -pie/}
    shared="$1 $cflags ${shared/-fno-pie -no-pie/} -I $here -fPIC -shared"
    sources="$here/main.c $here/functions.c $here/other.c"
    rm -rf "$out"
    mkdir "$out"
    # shellcheck disable=SC2086 # flags are words
    {
        it "$name: shared object" $shared "$here/plugin.c" -o "$out/plugin.so"
        it "$name: shared object that links the library" \
            $shared "$here/plugin.c" -o "$out/linked-plugin.so" -Wl,--as-needed $libs
        it "$name: program" $compile $sources -o "$out/program"
        it "$name: program with a shared object" \
            $compile -DPLUGIN $sources "$out/plugin.so" -Wl,-rpath,"$out" -o "$out/with-plugin"
        it "$name: program that links the library" $compile $sources -o "$out/linked" -Wl,--as-needed $libs
        it "$name: program that knows nothing" $1 $strict $2 "$here/host.c" -o "$out/host"
    }
    in_each_mode "$name" "$out/program"
    in_each_mode "$name with a shared object" "$out/with-plugin"
    in_each_mode "$name opening an object" "$out/host" "$out/plugin.so"
    linked_modes "$name linked" "$out/linked"
    linked_modes "$name opening a linked object" "$out/host" "$out/linked-plugin.so"
}

for compiler in gcc clang; do
    lto=-flto
    [ $compiler = clang ] && lto='-flto -fuse-ld=lld'
    for flags in '-O2 -fPIE -pie' '-O2 -fno-pie -no-pie' '-O0 -fPIE -pie' '-O0 -fno-pie -no-pie' "-O2 $lto" \
        '-O2 -ffunction-sections -fdata-sections -Wl,--gc-sections'; do
        build $compiler "$flags"
    done
done
echo "$passed passed"
exit $failed
