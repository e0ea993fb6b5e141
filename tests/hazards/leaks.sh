#!/bin/bash
# What the cache holds is no leak: leaks.c, and look-ups under the preset, as the leak sanitizer of both
# compilers and valgrind see it.
# usage: leaks.sh SOURCES SDK LIBRARY PRESET
set -u
sources=$1 sdk=$2 library=$(readlink -f "$3") preset=$(readlink -f "$4")
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
bad=0 tried=0
export SWR_SOCKET_DIR=$scratch SWR_CONTROL=1
unset MALLOC_PERTURB_

# Whoever tells nothing of what is lost for certain is not there, or cannot work here: works NAME COMMAND...
works() {
    local name=$1
    shift
    if "$@" lose >told 2>&1 || ! grep -q '77 byte' told; then
        echo "skipped: $name tells of no leak here"
        return 1
    fi
    tried=$((tried + 1))
}

quiet() {
    local name=$1
    shift
    if "$@" >told 2>&1; then
        echo "ok: $name"
    else
        echo "FAILED: $name"
        head -n 30 told
        bad=1
    fi
}

linked=(-Wl,--no-as-needed "$library" "-Wl,-rpath,$(dirname "$library")")
for compiler in gcc clang; do
    command -v "$compiler" >/dev/null || continue
    for kind in address leak; do
        "$compiler" -std=gnu11 -g "-fsanitize=$kind" -I"$sdk" "$sources/leaks.c" -o "own-$compiler-$kind" "${linked[@]}" &&
            "$compiler" -std=gnu11 -D_GNU_SOURCE -g "-fsanitize=$kind" "$sources/leaks_names.c" -o "names-$compiler-$kind" ||
            continue
        works "-fsanitize=$kind of $compiler" "./own-$compiler-$kind" || continue
        quiet "objects, -fsanitize=$kind of $compiler" "./own-$compiler-$kind"
        # The part of gcc's address sanitizer that is a library wants to be the first.
        first=
        [ "$compiler-$kind" != gcc-address ] || first=$(gcc -print-file-name=libasan.so)
        quiet "names, -fsanitize=$kind of $compiler" env LD_PRELOAD="$first $preset $library" "./names-$compiler-$kind"
    done
done
if command -v valgrind >/dev/null; then
    gcc -std=gnu11 -g -I"$sdk" "$sources/leaks.c" -o own "${linked[@]}" &&
        gcc -std=gnu11 -D_GNU_SOURCE -g "$sources/leaks_names.c" -o names || exit 1
    # What is possibly lost is what libc has for threads that still live, as one of ours may on a loaded machine.
    memcheck=(valgrind -q --leak-check=full --errors-for-leak-kinds=definite,indirect
        --show-leak-kinds=definite,indirect --error-exitcode=9)
    if works valgrind "${memcheck[@]}" ./own; then
        quiet 'objects, valgrind' "${memcheck[@]}" ./own
        # No refresh: what libc has for a thread that lives at the end counts as lost.
        quiet 'names, valgrind' env SWR_NAMES_TTL=1h LD_PRELOAD="$preset $library" "${memcheck[@]}" ./names
    fi
fi
[ "$tried" -ne 0 ] || exit 77
exit "$bad"
