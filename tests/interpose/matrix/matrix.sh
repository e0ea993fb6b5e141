#!/bin/bash
# Which calls a wrapper reaches: a table of programs, libraries and paths, each W (answered from memory) or - (missed).
# For every - swrctl says so beforehand.
# usage: matrix.sh SWRCTL CC...
set -u
swrctl=$(realpath "$1")
shift
. "$(dirname "$0")/../scratch.sh"
rule='double price(str symbol, i32 days) ttl=1h'
printf '[price]\nprototype = double price(str symbol, i32 days)\nttl = 1h\n' >rules
cells=0

library() { # name, flags...
    local name=$1
    shift
    mkdir -p "$name" && "${cc[@]}" -O2 -fPIC -shared "$here/price.c" -o "$name/libprice.so" -Wl,-soname,libprice.so "$@"
}
program() { # name, library, flags...
    local name=$1 library=$2
    shift 2
    "${cc[@]}" -O2 "$here/use.c" -o "$name" -L"$library" -lprice -Wl,-rpath,"$dir/$library" "$@" -ldl
}
cc=("$@" -std=gnu11 -Wno-pedantic)
# clang binds a library's own calls while it compiles, unless it is told that others may stand between.
between=-fsemantic-interposition
library plain $between &&
    library table $between -DTABLE &&
    library symbolic $between -Wl,-Bsymbolic &&
    library symbolic-functions $between -Wl,-Bsymbolic-functions &&
    library protected $between -DPROTECTED &&
    library fixed -fno-semantic-interposition &&
    library ifunc $between -DIFUNC &&
    library hidden -DHIDDEN &&
    program lazy plain -fPIE -pie -Wl,-z,lazy &&
    program now plain -fPIE -pie -Wl,-z,now,-z,relro &&
    program no-plt plain -fPIE -pie -fno-plt &&
    program no-pie plain -fno-pie -no-pie &&
    program takes plain -fPIE -pie -DTAKES &&
    program takes-no-pie plain -fno-pie -no-pie -DTAKES &&
    program in-ifunc ifunc -fPIE -pie &&
    program table-pie table -fPIE -pie -DTABLE &&
    program table-no-pie table -fno-pie -no-pie -DTABLE &&
    program in-symbolic symbolic -fPIE -pie &&
    program in-symbolic-functions symbolic-functions -fPIE -pie &&
    program in-protected protected -fPIE -pie &&
    program in-fixed fixed -fPIE -pie &&
    "${cc[@]}" -O2 -fPIC -shared "$here/plugin.c" -o plugin.so -Lplain -lprice -Wl,-rpath,"$dir/plain" &&
    "${cc[@]}" -O2 -DOWN -fPIE -pie -rdynamic "$here/use.c" -o own -ldl &&
    "${cc[@]}" -O2 "$here/use.c" -DOWN -o bare -ldl || exit 1
"${cc[@]}" -O2 -static "$here/use.c" -DOWN -o static -ldl 2>/dev/null || exit 1
"${cc[@]}" -O2 -static-pie "$here/use.c" -DOWN -o static-pie -ldl 2>/dev/null || exit 1

# A cell: with the hook of dlsym and without, program, path, file; what `check` must have said of a -.
cell() { # W or -, W or -, what check says, program, arguments...
    local with=$1 without=$2 says=$3 found
    shift 3
    cells=$((cells + 2))
    found=$("$swrctl" run --wrap "$rule" -- "$@" 2>&1)
    [ "$found" = "$with" ] || { failed=1; echo "FAILED: $*: wanted $with, found $found"; }
    found=$("$swrctl" run --no-dlsym --wrap "$rule" -- "$@" 2>&1)
    [ "$found" = "$without" ] || { failed=1; echo "FAILED: $* without the hook: wanted $without, found $found"; }
    if [ -n "$says" ]; then
        found=$("$swrctl" check rules "$1" 2>&1)
        [[ $found == *"not reached: "*"$says"* ]] || { failed=1; echo "FAILED: check $1 says nothing of '$says': $found"; }
    fi
}
refused() { # program, what is said
    local found
    cells=$((cells + 2))
    found=$("$swrctl" run --wrap "$rule" -- "$1" direct 2>&1)
    [ $? -ne 0 ] && [[ $found == *"$2"* ]] || { failed=1; echo "FAILED: $1 is not refused for '$2': $found"; }
    found=$("$swrctl" check rules "$1" 2>&1)
    [ $? -ne 0 ] && [[ $found == *"$2"* ]] || { failed=1; echo "FAILED: check $1 says nothing of '$2': $found"; }
}

for program in lazy now no-plt no-pie; do
    cell W W '' ./$program direct
    cell W W '' ./$program data
    cell W W '' ./$program inside
    cell W W '' ./$program default
    cell W W '' ./$program program
    cell W - '' ./$program handle "$dir/plain/libprice.so"
    cell W W '' ./$program now "$dir/plugin.so"
    cell W W '' ./$program lazy "$dir/plugin.so"
    cell - - RTLD_DEEPBIND ./$program deepbind "$dir/plugin.so"
    cell - - 'dlmopen()' ./$program dlmopen "$dir/plugin.so"
done
# The address is taken in code, and calls go by the same word (.plt.got).
for program in takes takes-no-pie; do
    cell W W '' ./$program address
    cell W W '' ./$program direct
done
cell W W '' ./in-ifunc direct
cell W W '' ./in-ifunc data
cell W - '' ./in-ifunc handle "$dir/ifunc/libprice.so"
for program in lazy now; do
    cell equal different '' ./$program equal "$dir/plain/libprice.so"
done
for program in table-pie table-no-pie; do
    cell W W '' ./$program table
    cell W W '' ./$program inside
done
for library in symbolic symbolic-functions protected fixed; do
    cell W W '' ./in-$library direct
    cell - - 'calls inside libprice.so, if there are any' ./in-$library inside
done
# libc calls its own functions by hidden names: of two look-ups of an address the program's own is seen alone.
cat >inside-libc.c <<'C'
#include <arpa/inet.h>
#include <netdb.h>
int main(void)
{
    struct in_addr address;
    return inet_aton("127.0.0.1", &address) == 0 || !gethostbyname("127.0.0.1");
}
C
"${cc[@]}" inside-libc.c -o inside-libc || exit 1
cells=$((cells + 2))
printf '[inet_aton]\nprototype = i32 inet_aton(str name, out bytes[4] address)\n' >libc-rules
found=$("$swrctl" advise --config libc-rules -- ./inside-libc 2>&1)
[[ $found == *'inet_aton: 1 call of '* ]] || { failed=1; echo "FAILED: inside libc: $found"; }
found=$("$swrctl" check libc-rules ./inside-libc)
[[ $found == *'not reached: calls inside libc.so.6'* ]] || { failed=1; echo "FAILED: check says nothing of libc: $found"; }
# Rules that reach nothing: what a program keeps to itself, and what it does not know, as long as it neither loads nor
# starts anything that may.
cat >alone.c <<'C'
#include <stdio.h>
double price(const char *symbol, int days);
#ifdef OWN
__attribute__((noinline)) double price(const char *symbol, int days)
{
    return symbol[0] + days;
}
#endif
int main(void)
{
    return printf("%g\n", price("ACME", 3)) < 0;
}
C
"${cc[@]}" -DOWN alone.c -o alone-own && "${cc[@]}" alone.c -o alone -Lplain -lprice -Wl,-rpath,"$dir/plain" || exit 1
printf '[price]\nprototype = double price(str symbol, i32 days)\n' >price-rules
printf '[prise]\nprototype = double prise(str symbol, i32 days)\n' >prise-rules
for line in "price-rules ./alone-own defines 'price' itself" "prise-rules ./alone did you mean price?"; do
    read -r rules program wanted <<<"$line"
    cells=$((cells + 2))
    if found=$("$swrctl" check "$rules" "$program" 2>&1) || [[ $found != *"$wanted"* ]]; then
        failed=1
        echo "FAILED: check $line: $found"
    fi
    # It runs all the same.
    if ! found=$("$swrctl" run --config "$rules" -- "$program" 2>&1) || [[ $found != *"nothing is cached: "*"$wanted"*$'\n'* ]]; then
        failed=1
        echo "FAILED: run $line: $found"
    fi
done
cells=$((cells + 1))
"$swrctl" check price-rules ./alone >found || { failed=1; echo "FAILED: check: $(cat found)"; }
# What the Go linker leaves in a program without cgo.
printf '.section .note.go.buildid,"a",%%note\n.balign 4\n.long 4, 4, 4\n.asciz "Go\\0"\n.ascii "swr1"\n' >go.s
"${cc[@]}" -O2 -static "$here/use.c" -DOWN go.s -o go -ldl 2>/dev/null || exit 1
refused ./go 'pure Go program'
# Hidden, and so without a name to stand before.
cells=$((cells + 1))
printf '[price]\nprototype = double price(str symbol, i32 days)\nlib = libprice.so\n' >hidden-rules
"${cc[@]}" -O2 "$here/hidden.c" -o in-hidden -Lhidden -lprice -Wl,-rpath,"$dir/hidden" || exit 1
found=$("$swrctl" check hidden-rules ./in-hidden 2>&1)
[[ $found == *"not reached: "*"does not export 'price'"* ]] || { failed=1; echo "FAILED: check says nothing of a hidden function: $found"; }
refused ./own 'defines '\''price'\'' itself'
refused ./static 'statically linked'
refused ./static-pie 'statically linked'
for program in gosu:'a pure Go program' busybox:'statically linked'; do
    if path=$(PATH=$PATH:/usr/sbin command -v "${program%:*}"); then
        refused "$path" "${program#*:}"
    fi
done
if command -v hey >/dev/null; then
    # Go's own calls are not reached, those by cgo are.
    cells=$((cells + 1))
    printf '[getaddrinfo]\nprototype = i32 getaddrinfo(str node, str service, opaque hints, opaque list)\n' >go-rules
    found=$("$swrctl" check go-rules "$(command -v hey)" 2>&1)
    [[ $found == *'not reached: what Go calls itself'* ]] || { failed=1; echo "FAILED: check says nothing of Go: $found"; }
fi
if command -v python3 >/dev/null; then
    echo "import ctypes; f = ctypes.CDLL('$dir/plain/libprice.so').price; f.restype = ctypes.c_double
print('W' if f(b'ACME', 3) == f(b'ACME', 3) else '-')" >by_ctypes.py
    cell W - '' python3 by_ctypes.py
fi
echo "$cells cells"
exit $failed
