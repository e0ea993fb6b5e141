#!/bin/bash
# Wrapped functions and names asked for before anybody is ready: from an allocator, from constructors and their
# threads, from within dlsym(); preloaded with other allocators and with AddressSanitizer, in every order. What the
# program prints stays, and it starts no later.
# usage: early.sh SWRCTL RUNTIME PRESET CC...
set -u
swrctl=$(realpath "$1") runtime=$(realpath "$2") preset=$(realpath "$3")
shift 3
. "$(dirname "$0")/../scratch.sh"

"$here/../../survey/leftovers.sh"

cc=("$@" -std=gnu11 -O2 -w)
"${cc[@]}" -fPIC -shared "$here/../run/price.c" -o libprice.so -Wl,-soname,libprice.so &&
    "${cc[@]}" "$here/../run/use.c" -o use -L. -lprice -Wl,-rpath,"$dir" -ldl || exit 1
for kind in MALLOC CONSTRUCTOR DLSYM; do
    "${cc[@]}" -fPIC -shared -fno-builtin -D$kind "$here/hostile.c" -o $kind.so -L. -lprice -Wl,-rpath,"$dir" \
        -pthread -ldl || exit 1
done
"$swrctl" wrap --output wrap.so --wrap 'double price(str symbol, i32 days) ttl=1h' || exit 1
wrap=$dir/wrap.so
program=(./use early price who nine)
wanted=$'W\nW\nbb\nstatus 9'

says() { # LD_PRELOAD value, environment...
    env "${@:2}" LD_PRELOAD="$1" timeout 300 "${program[@]}" 2>&1
    echo "status $?"
}
order() { # what, wanted, LD_PRELOAD value, environment...
    local found
    tried=$((tried + 1))
    found=$(says "${@:3}")
    [ "$found" = "$2" ] && return
    echo "FAILED: $1: LD_PRELOAD='$3': wanted '$2', found '$found'"
    failed=1
}
# Where ours may stand: before, between and behind what else there is.
orders() { # what, other, environment...
    local what=$1 other=$2 ours
    shift 2
    for ours in "$wrap $runtime" "$runtime $wrap" "$wrap $preset $runtime" "$preset $runtime $wrap"; do
        order "$what" "$wanted" "$ours $other" "$@"
        order "$what" "$wanted" "$other $ours" "$@"
    done
    order "$what" "$wanted" "$wrap $other $runtime" "$@"
    order "$what" "$wanted" "$preset $other $runtime $wrap" "$@"
}
library() { # name in ld.so's directories
    local path
    for path in /usr/lib/*/"$1" /usr/lib/*/*/"$1" /usr/lib/"$1"; do
        [ -e "$path" ] && echo "$path" && return
    done
}

order 'nothing' $'-\n-\nbb\nstatus 9' ''
order 'ours alone' "$wanted" "$wrap $runtime"
for kind in MALLOC CONSTRUCTOR DLSYM; do
    orders "hostile: $kind" "$dir/$kind.so"
done
orders 'all three' "$dir/MALLOC.so $dir/DLSYM.so $dir/CONSTRUCTOR.so"
for other in libjemalloc.so.2 libmimalloc.so.2.0 libtcmalloc_minimal.so.4 libfaketime.so.1; do
    path=$(library $other)
    if [ -z "$path" ]; then
        echo "not installed: $other"
        continue
    fi
    orders "$other" "$path"
    orders "$other and an asking constructor" "$path $dir/CONSTRUCTOR.so"
done
asan=$("${cc[@]}" -print-file-name=libasan.so)
if [ -e "$asan" ]; then
    orders AddressSanitizer "$(realpath "$asan")" ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0
fi
# A library that the program needs: its constructor runs before ours.
"${cc[@]}" "$here/../run/use.c" -o use-asking -L. -Wl,--no-as-needed -l:CONSTRUCTOR.so -lprice -Wl,-rpath,"$dir" -ldl || exit 1
program[0]=./use-asking
orders 'a needed library' "$dir/DLSYM.so"
program[0]=./use
# A program that brings it along.
if "${cc[@]}" -g -fsanitize=address "$here/../run/use.c" -o use-asan -L. -lprice -Wl,-rpath,"$dir" -ldl 2>/dev/null; then
    program[0]=./use-asan
    first=
    ldd ./use-asan | grep -q libasan && first="$(realpath "$asan") " # it wants to be the first
    order 'a program with AddressSanitizer' "$wanted" "$first$wrap $runtime" ASAN_OPTIONS=detect_leaks=0
    order 'a program with AddressSanitizer' "$wanted" "$first$preset $runtime $wrap" ASAN_OPTIONS=detect_leaks=0
    program[0]=./use
fi

# The shortest of many starts, in microseconds: noise only makes them longer.
shortest() { # LD_PRELOAD value
    local best=999999999 start i
    for ((i = 0; i < 30; i++)); do
        start=${EPOCHREALTIME/./}
        LD_PRELOAD=$1 ./use >/dev/null
        start=$((${EPOCHREALTIME/./} - start))
        [ $start -lt $best ] && best=$start
    done
    echo $best
}
plain=$(shortest '')
for ours in "$runtime" "$wrap $runtime" "$preset $runtime" "$wrap $preset $runtime"; do
    tried=$((tried + 1))
    later=$(($(shortest "$ours") - plain))
    if [ $later -ge 20000 ]; then
        echo "FAILED: the program starts $later us later with $ours"
        failed=1
    fi
done
echo "$tried tried; with everything the program starts $later us later than in $plain us"
exit $failed
