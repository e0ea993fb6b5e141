#!/bin/bash
# Libraries, programs and headers that mean it ill, under swrctl advise, check and run: none makes it crash, run
# something, read without an end, or offer a line that does more than it shows.
# usage: hostile.sh SWRCTL CC...
set -u
swrctl=$(realpath "$1")
shift
. "$(dirname "$0")/../scratch.sh"
export TMPDIR=$dir
unset DEBUGINFOD_URLS
cc=("$@")

# A hang is a failure; how long it takes otherwise is nobody's business.
bounded() {
    (ulimit -v 4000000 && timeout 300 "$swrctl" "$@") 2>&1
}

# Types that are made of themselves.
printf 'int first(const char **p, int n)\n{\n    return **p + n;\n}\nint second(void ***p)\n{\n    return p != 0;\n}\n' >loop.c
"${cc[@]}" -gdwarf-4 -O1 -fPIC -shared loop.c -o libloop.so || exit 1
python3 "$here/make.py" loop libloop.so || exit 1
said=$(bounded advise --all-from ./libloop.so -- true)
expect 'pointers to themselves: the status' 0 $?
contains 'pointers to themselves: who is left out' 'first' "$said"

# Names without an end.
python3 "$here/make.py" symbols many.so || exit 1
said=$(bounded advise --all-from ./many.so -- true)
expect 'a million long names: the status' 1 $?
contains 'a million long names' 'many.so' "$said"

# Types that double, and parentheses that say nothing.
"${cc[@]}" -O1 -fPIC -shared -Wl,--version-script="$here/../advise/offered.map",-soname,liboffered.so.1 "$here/../advise/offered.c" -o liboffered.so.1 || exit 1
"${cc[@]}" -O1 "$here/../advise/use.c" -o use liboffered.so.1 -Wl,-rpath,"$dir" || exit 1
python3 "$here/make.py" typedefs doubling.h || exit 1
said=$(bounded advise --all-from liboffered.so.1 --prototypes doubling.h -- ./use)
contains 'types that double' 'scaled: 20 calls' "$said"
contains 'a function type in parentheses leaves int alone' 'doubled: 100 calls' "$said"

# A linker of the program's own is not run.
printf '#!/bin/sh\necho ran >>%s/ran\n' "$dir" >ld-mine.so && chmod 755 ld-mine.so
"${cc[@]}" -O1 "$here/../advise/use.c" -o mine liboffered.so.1 -Wl,-rpath,"$dir",--dynamic-linker="$dir/ld-mine.so" || exit 1
printf '[scaled]\nprototype = f64 scaled(str name, i32 days)\n' >rules
if [ "$(id -u)" -eq 0 ]; then
    chown 65534 ld-mine.so
fi
said=$(bounded check rules ./mine)
expect "a linker of the program's own: the status" 1 $?
contains "a linker of the program's own" 'another libc (ld-mine.so)' "$said"
expect "a linker of the program's own: it ran" '' "$(cat ran 2>/dev/null)"

# What a library calls itself stands in the line that is offered.
for name in "a';touch pasted;'" 'a$(touch pasted)' 'a`touch pasted`' $'a\x1b[31m' $'a\xc2\x9b' $'a\xff'; do
    "${cc[@]}" -g -O1 -fPIC -shared -Wl,--version-script="$here/../advise/offered.map",-soname,"$name" "$here/../advise/offered.c" -o "$name" || exit 1
    "${cc[@]}" -O1 "$here/../advise/use.c" -o named "./$name" -Wl,-rpath,"$dir" || exit 1
    said=$(bounded advise --all-from "./$name" -- ./named)
    line=$(grep -a -m 1 '^  --wrap .*scaled' <<<"$said")
    if LC_ALL=C grep -q $'[\x01-\x09\x0b-\x1f\x7f-\x9f]' <<<"$said"; then
        expect "what $name calls itself reaches the terminal" '' "$(cat -v <<<"$said")"
    fi
    bash -c "run() { printf '%s\n' \"\$2\"; }; run $line" >arguments
    expect 'what is pasted' "f64 scaled(str name, i32 days) lib=$name ttl=1m" "$(cat arguments)"
    expect 'what is pasted does no more' '' "$(ls pasted 2>/dev/null)"
    rm -f "./$name"
done

# Runs that were killed leave files under the numbers of later ones.
rm -rf wrap
rule='f64 scaled(str name, i32 days) ttl=1m'
"$swrctl" run --wrap "$rule" -- ./use >/dev/null
made=$(cd wrap && ls)
rm "wrap/$made"
said=$(sh -c 'for n in "" .0 .1 .2; do echo left >"$1.$$$n"; done; shift; exec "$@"' sh "wrap/$made" \
    "$swrctl" run --wrap "$rule" -- ./use 2>&1)
expect 'beside what a killed run left' 6135 "$said"
expect 'and it is made' "$made" "$(cd wrap && ls "$made")"

echo "$tried tried"
exit $failed
