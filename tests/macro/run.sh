#!/bin/sh
# Annotations of good/ compile in silence, those of bad/ are told in our words, forms.c passes as program and as
# dlopened object, and numbers are rounded as promised, with the fake runtime and without.
# usage: run.sh CC...      a command and its first arguments, such as: ccache gcc -m32
cc=${*:-cc}
here=$(cd "$(dirname "$0")" && pwd)
flags="-std=gnu11 -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wvla -Wdeclaration-after-statement -Wpedantic -Wredundant-decls -Werror -I $here/../../sdk"
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
export LC_ALL=C
failed=0

verdict() { # status name
    if [ "$1" -eq 0 ]; then echo "ok $2"; else echo "not ok $2"; failed=1; fi
}

for file in "$here"/good/*.c; do
    $cc $flags -O2 -c "$file" -o "$tmp/out.o" >"$tmp/said" 2>&1 && [ ! -s "$tmp/said" ]
    status=$?
    verdict $status "good/$(basename "$file" .c)"
    [ $status -eq 0 ] || sed 's/^/# /' "$tmp/said"
done

# A mistake does not compile, also where warnings are no errors; but what C only warns of in any call.
lax=$(echo "$flags" | sed 's/ -Werror//')
# clang shows every macro on the way: only gcc's answers are kept short.
most=30
$cc --version | grep -q clang && most=100
for file in "$here"/bad/*.c; do
    expect=$(sed -n '1s/^\/\* expect: \(.*\) \*\/$/\1/p' "$file")
    limit=$(sed -n 's/^\/\* lines: \([0-9]*\).*/\1/p' "$file")
    with=$lax
    grep -q '^/\* only a warning' "$file" && with=$flags
    ! $cc $with -fno-diagnostics-color -c "$file" -o "$tmp/out.o" >"$tmp/said" 2>&1 && sed -i "s/\\\\'/'/g" "$tmp/said" &&
        grep -m 1 'error:' "$tmp/said" | grep -Eq -- "$expect" && [ "$(wc -l <"$tmp/said")" -le "${limit:-$most}" ]
    status=$?
    verdict $status "bad/$(basename "$file" .c)"
    [ $status -eq 0 ] || { echo "# $(wc -l <"$tmp/said") lines, expected: $expect"; sed 's/^/# /' "$tmp/said"; }
done

$cc $flags -shared -fPIC "$here/fake_runtime.c" -o "$tmp/fake.so"
verdict $? fake_runtime
sources="$here/forms.c $here/forms_other.c $here/forms_none.c"
for how in "-O0" "-O2 -fPIE -pie" "-O2 -fno-pie -no-pie" "-O2 -ffunction-sections -fdata-sections -Wl,--gc-sections"; do
    $cc $flags $how $sources -o "$tmp/forms" && "$tmp/forms"
    verdict $? "forms $how"
    LD_PRELOAD="$tmp/fake.so" "$tmp/forms" fake
    verdict $? "forms $how, fake runtime"
done
$cc $flags -shared -fPIC $sources -o "$tmp/forms.so" && $cc $flags "$here/load.c" -o "$tmp/load" &&
    "$tmp/load" "$tmp/forms.so"
verdict $? "forms dlopened"
LD_PRELOAD="$tmp/fake.so" "$tmp/load" "$tmp/forms.so" fake
verdict $? "forms dlopened, fake runtime"

for how in -O0 -O2 -Ofast; do
    $cc $flags $how "$here/quantised.c" -o "$tmp/quantised" -lm && "$tmp/quantised"
    verdict $? "quantised $how"
    LD_PRELOAD="$tmp/fake.so" "$tmp/quantised"
    verdict $? "quantised $how, fake runtime"
done

for file in "$here"/../../sdk/examples/*.c; do
    case $file in */shim-*) continue ;; esac # no program: tests/interpose
    libraries=
    if grep -q sqlite3.h "$file"; then
        echo '#include <sqlite3.h>' | $cc -fsyntax-only -xc - 2>/dev/null || continue
        libraries=-lsqlite3
    fi
    $cc $flags -O2 "$file" $libraries -o "$tmp/example" && "$tmp/example" >"$tmp/said" 2>&1
    verdict $? "example $(basename "$file" .c)"
    LD_PRELOAD="$tmp/fake.so" "$tmp/example" >"$tmp/said" 2>&1
    verdict $? "example $(basename "$file" .c), fake runtime"
done
exit $failed
