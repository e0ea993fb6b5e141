#!/bin/bash
# swrctl run: what it starts, how, and what it refuses.
# usage: run.sh SWRCTL LIBRARY CC...
set -u
swrctl=$(realpath "$1") library=$(realpath "$2")
shift 2
. "$(dirname "$0")/../scratch.sh"
price='double price(str symbol, i32 days) ttl=1h'

build() {
    "$@" || { echo "FAILED: $*"; exit 1; }
}
run() {
    "$swrctl" run "$@" 2>&1
}
# One error and no start: what it must say, then the arguments of run.
refused() {
    local said status
    said=$(run "${@:2}")
    status=$?
    tried=$((tried + 1))
    if [ $status -eq 0 ] || [[ $said != *"$1"* ]]; then
        echo "FAILED: ${*:2}: status $status, wanted '$1' in '$said'"
        failed=1
    fi
}

cc=("$@" -std=gnu11 -O2)
build "${cc[@]}" -fPIC -shared "$here/price.c" -o libprice.so -Wl,-soname,libprice.so
mkdir other
build "${cc[@]}" -fPIC -shared "$here/price.c" -o other/libother.so -Wl,-soname,libother.so
build "${cc[@]}" "$here/use.c" -o use -L. -lprice -Wl,-rpath,"$dir" -ldl
build "${cc[@]}" "$here/load.c" -o load -ldl
# A call in tail position counts as its caller's caller's.
build "${cc[@]}" -fno-optimize-sibling-calls -fPIC -shared "$here/../matrix/plugin.c" -o plugin.so -Lother -lother -Wl,-rpath,"$dir/other"

# What a program sees.
expect 'a call' W "$(run --wrap "$price" -- ./use price)"
expect 'a call from a constructor' W "$(run --wrap "$price" ./use early)"
expect 'a library in a scope of its own' W "$(run --wrap "$price" -- ./load "$dir/plugin.so")"
expect 'only that library' $'W\n-' "$(run --wrap "$price lib=libother.so from=plugin.so" -- ./use "$dir/plugin.so" price)"
expect 'callers by name' - "$(run --wrap "$price from=libcurl*" -- ./use price)"
expect 'the program itself, by its name' W "$(run --wrap "$price from=use" -- ./use price)"
expect 'the program itself, by the name it was started by' W "$(run --wrap "$price from=use" -- ./use titled price)"
expect 'two rules' W "$(run --wrap "$price from=libcurl*" --wrap "$price from=us*" -- ./use price)"
expect 'strings that stay' ab "$(run --wrap 'cstr who(i32)' -- ./use who)"
expect 'strings of the library itself' bb "$(./use who)"
expect 'a failure is not kept' '-1 7 7' "$(run --wrap 'i32 failing(i32) fails=negative' -- ./use failing)"
expect 'switched off at start' - "$(run --wrap "$price mode=off" -- ./use price)"
expect 'no runtime wanted' - "$(SWR_ENABLE=0 run --wrap "$price" -- ./use price)"
expect 'neither thread nor descriptor at the first calls' '0 0' "$(SWR_CONTROL=1 run --wrap "$price" -- ./use quiet)"
run --wrap "$price" -- ./use nine
expect 'exit status' 9 $?

# A program of another libc, and one that a wrapped program starts.
if command -v musl-gcc >/dev/null; then
    printf '#include <stdio.h>\nint main(void) { puts("ran"); return 5; }\n' >other.c
    build musl-gcc other.c -o elsewhere
    said=$(run --preset names --wrap "$price" -- ./elsewhere)
    expect 'the status of a program of another libc' 5 $?
    contains 'a word about a program of another libc' 'it is of another libc (ld-musl' "$said"
    contains 'a program of another libc runs' ran "$said"
    contains 'a program of another libc is checked' 'it is of another libc (ld-musl' \
        "$("$swrctl" check /dev/null ./elsewhere 2>&1)"
    expect 'a child of another libc' $'ran\nstatus 5' \
        "$(run --preset names --wrap "$price" -- sh -c './elsewhere; echo status $?')"
fi

# Versions of a symbol.
printf 'OLD {\n    global: answer;\n    local: *;\n};\nNEW {\n    global: answer;\n} OLD;\n' >map
build "${cc[@]}" -fPIC -shared "$here/versions.c" -o libversions.so -Wl,-soname,libversions.so,--version-script=map
cat >versioned.c <<'C'
#include <stdio.h>
int old(void);
int new(void);
__asm__(".symver old, answer@OLD");
__asm__(".symver new, answer@NEW");
int main(void)
{
    int a = old(), b = new(), c = old(), d = new();
    printf("%c%c %d\n", a == c ? 'W' : '-', b == d ? 'W' : '-', a / 1000 * 10 + b / 1000);
    return 0;
}
C
build "${cc[@]}" versioned.c -o versioned -L. -lversions -Wl,-rpath,"$dir"
expect 'the old version' 'W- 12' "$(run --wrap 'i32 answer() version=OLD' -- ./versioned)"
expect 'the new version' '-W 12' "$(run --wrap 'i32 answer() version=NEW' -- ./versioned)"
# Wherever the linker puts the table of versions: its place moves with the length of a name.
for letters in '' a ab abc abcd; do
    mkdir -p "moved$letters"
    build "${cc[@]}" -fPIC -shared "$here/versions.c" -o "moved$letters/libversions.so" \
        "-Wl,-soname,libversions$letters.so,--version-script=map"
    expect "a table of versions elsewhere ($letters)" 'W- 12' \
        "$(LD_LIBRARY_PATH=$dir/moved$letters run --wrap 'i32 answer() version=OLD' -- ./versioned)"
done
expect 'both versions' 'WW 12' "$(run --wrap 'i32 answer() version=NEW' --wrap 'i32 answer() version=OLD' -- ./versioned)"

# Hits ask the system for nothing: whatever is asked ends the program.
build "${cc[@]}" "$here/quiet.c" -o quiet -L. -lprice -Wl,-rpath,"$dir" -ldl
expect 'hits without system calls' 'W' "$(run --wrap "$price" -- ./quiet)"

# A plugin closed while what it called is being asked again: the function stays, the answers are right.
build "${cc[@]}" -fPIC -shared "$here/ticking.c" -o libticking.so -Wl,-soname,libticking.so
build "${cc[@]}" -fPIC -shared "$here/ticking_plugin.c" -o ticking_plugin.so -L. -lticking -Wl,-rpath,"$dir"
build "${cc[@]}" "$here/closing.c" -o closing -ldl
expect 'a plugin that is closed' '300 right' "$(run --wrap 'i32 ticking(i32) ttl=1ms stale=1h' -- ./closing "$dir/ticking_plugin.so")"

# Exceptions.
if cxx=$(command -v c++); then
    build "$cxx" -O2 -fPIC -shared "$here/loud.cc" -o libloud.so
    build "$cxx" -O2 "$here/throw.cc" -o throw -L. -lloud -Wl,-rpath,"$dir"
    expect 'exceptions, plainly' '-1 -1 3 4, 8 cleaned' "$(./throw)"
    expect 'exceptions' '-1 -1 3 3, 8 cleaned' "$(run --wrap 'double loud(i32)' -- ./throw)"
    expect 'an exception in a refresh' 'kept' "$(run --wrap 'double loud(i32) ttl=1ms stale=1h retry=1ms' -- ./throw refresh)"
    expect 'exceptions, switched off' '-1 -1 3 4, 8 cleaned' "$(SWR_ENABLE=0 run --wrap 'double loud(i32)' -- ./throw)"
fi

# The environment, and children.
lib=libswrcache.so.0
expect 'before what is there' "wrap $lib libprice.so " "$(LD_PRELOAD=$dir/libprice.so run --wrap "$price" -- ./use env)"
expect 'children inherit' $'W\nwrap '"$lib"$' \nW' "$(run --wrap "$price" -- ./use price child)"
expect 'children without' $'W\n\n-' "$(run --no-children --wrap "$price" -- ./use price child)"
expect 'children keep what was there' $'W\nlibprice.so \n-' \
    "$(LD_PRELOAD=$dir/libprice.so run --no-children --wrap "$price" -- ./use price child)"
expect 'only programs of a name' - "$(run --only other,another --wrap "$price" -- ./use price)"
expect 'and this is one' W "$(run --only other,use --wrap "$price" -- ./use price)"
expect 'a run in a run' W "$(run --wrap "$price" -- "$swrctl" run --wrap "$price tags=other" -- ./use price)"
wrap=$(ls -t "$dir"/wrap/*.so | head -n 1)
expect 'the runtime before the wrapper' W "$(
    "$swrctl" wrap --output turned.so --wrap "$price"
    LD_PRELOAD="$library $dir/turned.so" ./use price
)"

# The runtime is gone: said before the program starts, and by the dynamic linker to who preloads by hand.
mkdir -p alone/bin
cp "$swrctl" alone/bin/
if said=$(alone/bin/swrctl run --wrap "$price" -- ./use price 2>&1); then
    contains 'another runtime is installed' W "$said"
else
    contains 'no runtime' 'is swrcache installed whole?' "$said"
fi
# A newer one in its place while programs run: what they start goes on with that.
mkdir -p whole/bin whole/lib
cp "$swrctl" whole/bin/
cp "$library" whole/lib/libswrcache.so.0.1.0 && ln -s libswrcache.so.0.1.0 whole/lib/libswrcache.so.0
expect 'a newer runtime' W "$(whole/bin/swrctl run --wrap "$price" -- sh -c '
    cp whole/lib/libswrcache.so.0.1.0 whole/lib/libswrcache.so.0.9.9
    ln -sfn libswrcache.so.0.9.9 whole/lib/libswrcache.so.0
    rm whole/lib/libswrcache.so.0.1.0
    ./use price' 2>&1)"
contains 'a wrapper alone' 'swrcache_stub' "$(LD_PRELOAD=$wrap ./use price 2>&1)"
expect 'a wrapper that is gone' '-' "$(LD_PRELOAD="$dir/gone.so $library" ./use price 2>/dev/null)"

# The directory of generated objects.
expect 'the rights of the directory' 755 "$(stat -c %a wrap)"
expect 'the rights of a file' 644 "$(stat -c %a "$wrap")"
before=$(ls wrap | wc -l)
run --wrap "$price" -- ./use price >/dev/null
expect 'the same content, the same file' "$before" "$(ls wrap | wc -l)"
printf x >>"$wrap"
for file in wrap/*; do touch -d '9 days ago' "$file"; done
expect 'a spoilt file is made anew' W "$(run --wrap "$price" -- ./use price)"
expect 'stale files are gone' 1 "$(ls wrap | wc -l)"
ln -s "$dir" linked
export SWR_WRAP_DIR=$dir/linked
refused "$dir/linked" --wrap "$price" -- ./use price
export SWR_WRAP_DIR=relative
refused 'absolute path' --wrap "$price" -- ./use price
export SWR_WRAP_DIR=$dir/wrap

# Other users: their children read ours; a directory somebody else took is passed over; setuid is refused.
other=(setpriv --reuid=64321 --regid=64321 --clear-groups)
if [ "$(id -u)" -eq 0 ] && "${other[@]}" test -x "$swrctl" -a -r "$library" 2>/dev/null; then
    chmod 755 "$dir"
    expect 'a child of another user' W "$(run --wrap "$price" -- "${other[@]}" ./use price)"
    cp /bin/cat setuid && chmod 4755 setuid
    contains 'a setuid program' 'rights of its own (setuid' "$("${other[@]}" "$swrctl" run --wrap "$price" -- ./setuid 2>&1)"
    if [ ! -e /tmp/swrcache-wrap-64321 ] && [ ! -e /var/tmp/swrcache-wrap-64321 ]; then
        mkdir -m 777 /tmp/swrcache-wrap-64321
        expect 'a directory of somebody else' W \
            "$(unset SWR_WRAP_DIR && "${other[@]}" "$swrctl" run --wrap "$price" -- ./use price 2>&1)"
        expect 'is left alone' '' "$(ls /tmp/swrcache-wrap-64321)"
        rm -rf /tmp/swrcache-wrap-64321 /var/tmp/swrcache-wrap-64321 /dev/shm/swrcache-wrap-64321
    fi
fi

# What is wrong is told before the program starts.
refused "column 17: ')' is missing" --wrap 'double price(str' -- ./use price
refused "column 18: ',' or ')'" --wrap 'double price(str i32)' -- ./use price
refused 'must not be wrapped: it hands out memory' --wrap 'i32 malloc(u64)' -- ./use price
# What the library itself calls would come to itself.
for name in $(readelf -W --dyn-syms "$library" | awk '$4 == "FUNC" && $7 == "UND" { sub(/@.*/, "", $8); print $8 }'); do
    contains "$name is refused" 'must not be wrapped' "$("$swrctl" wrap --output unused.so --wrap "i32 $name(i32)" 2>&1)"
done
[ "$tried" -gt 120 ] || { echo 'FAILED: the library calls nothing?'; failed=1; }
refused '--preset nosuch: there is one preset, names' --preset nosuch -- ./use price
refused 'no version '\''NEWER'\'' of '\''answer'\''; there is ' --wrap 'i32 answer() version=NEWER' -- ./versioned
refused 'without directories' --only ./use --wrap "$price" -- ./use price
refused 'names of programs' --only '' --wrap "$price" -- ./use price
refused 'nothing to cache' -- ./use price
refused 'which program' --wrap "$price"
refused 'No such file' --wrap "$price" -- ./missing
refused "swrctl: --wrap '$price lib=libc.so.6': " --wrap "$price" --wrap "$price lib=libc.so.6" -- ./use price
refused "does not export 'price'; lib=libprice.so does" --wrap "$price lib=libc.so.6" -- ./use price
refused "does not export 'prise', nor does any library that use starts with; leave lib= out" \
    --wrap 'double prise(str) lib=libc.so.6' -- ./use price
mkdir by-link && "${cc[@]}" -fPIC -shared "$here/price.c" -o by-link/libreal.so.1.2 -Wl,-soname,libreal.so.1 &&
    ln -s libreal.so.1.2 by-link/libreal.so.1 && build "${cc[@]}" "$here/use.c" -o linked-use by-link/libreal.so.1 -Wl,-rpath,"$dir/by-link" -ldl
expect 'a library by the name it is loaded by' W "$(run --wrap "$price lib=libreal.so.1" -- ./linked-use price)"
refused 'libreal.so.1.2 goes by the name libreal.so.1: write lib=libreal.so.1' --wrap "$price lib=libreal.so.1.2" -- ./linked-use price
printf '[price]\nprototype = double price(str, i32)\nlib = libplugin.so\n' >later.ini
contains 'a library that comes later' 'reached then: calls from use' "$("$swrctl" check later.ini ./use)"
refused "of 'price'; there is none at all, leave version= out" --wrap "$price version=OLD" -- ./use price
refused "--wrap 'double price(i32)  from=x': two rules for 'price' describe different functions; write the same prototype" \
    --wrap "$price" --wrap 'double price(i32)  from=x' -- ./use price
refused "--wrap '$price tags=a': 'price' has two rules for the same callers; leave one out or tell them apart by from=" \
    --wrap "$price" --wrap "$price tags=a" -- ./use price
refused 'which --preset names carries' --wrap 'i32 getaddrinfo(str, str, opaque, opaque)' -- ./use price
refused 'column 24: a type is missing at the end' --wrap 'double price(str name, ' -- ./use price
refused 'and a blank before what follows' --wrap 'double price(str) ttl=20s,stale=40s' -- ./use price
refused "'ttl' needs a value: ttl=VALUE, without blanks" --wrap 'double price(str) ttl = 20s' -- ./use price
contains 'what looks into processes starts none' '-p does not go with run' "$("$swrctl" -p 1 run --wrap "$price" -- ./use price 2>&1)"
contains 'nor tries what it would do' '--dry-run does not go with run' "$("$swrctl" --dry-run run --wrap "$price" -- ./use price 2>&1)"
printf '[price]\nprototype = double price(str, i32)\n[preset names]\n[region:shop]\nttl = 3s\n' >more.ini
contains 'an object holds wrapped functions alone' 'preload a preset from a file of its own' \
    "$("$swrctl" wrap --output more.so --config more.ini 2>&1 && echo made)"
expect 'nothing is written then' '' "$(ls more.so 2>/dev/null)"
"$swrctl" wrap --force --output more.so --config more.ini 2>/dev/null
expect 'without the others' W "$(LD_PRELOAD="$dir/more.so $library" ./use price)"
printf '[price]\nprototype = double price(str, i32)\n' >one.ini
refused "one.ini:1:1: 'price' has two rules" --wrap "$price" --config one.ini -- ./use price
expect 'with --force the others apply' W "$(run --force --wrap 'double price(str i32)' --wrap "$price" -- ./use price 2>&1 | tail -n 1)"
printf '[price]\nprototype = double price(str symbol,\n    i32 dais\n' >bad.ini
contains 'a place in a file' 'bad.ini:3:14: ' "$("$swrctl" check bad.ini 2>&1)"
printf '; a comment\n[price]\nprototype = double price(str symbol,\n    i32 days)\nttl = 20\n' >bad.ini
contains 'a place in a file' 'bad.ini:5:7: ttl=20 is no duration' "$("$swrctl" check bad.ini 2>&1)"
printf '[price]\nttl = 20s\n' >bad.ini
contains 'no prototype' 'bad.ini:2:1: the prototype comes first' "$("$swrctl" check bad.ini 2>&1)"
printf '[price]\nprototype = double prise(str)\n' >bad.ini
contains 'another name' "bad.ini:2:13: the prototype is of 'prise'" "$("$swrctl" check bad.ini 2>&1)"
printf 'ttl = 3s\n[price\nnonsense\n' >bad.ini
said=$("$swrctl" check bad.ini 2>&1)
contains 'outside of sections' 'bad.ini:1:1: this belongs to no function' "$said"
contains 'a section that does not end' "bad.ini:2:1: ']' is missing" "$said"
contains 'no assignment' 'bad.ini:3:1: expected NAME = VALUE' "$said"
printf '[price]\nprototype = double price(str symbol,\n    i32 days)\nttl = 1h\n' >good.ini
expect 'rules of a file' W "$(run --config good.ini -- ./use price)"
"$swrctl" check good.ini ./use >/dev/null
expect 'check: all is well' 0 $?
printf '#!/bin/sh\nexec ./use price\n' >script
chmod +x script
expect 'a script' W "$(run --wrap "$price" -- ./script)"
contains 'what is looked at of a script' "./script is a script: this is of /bin/sh, which runs it; what it starts is not looked at" \
    "$("$swrctl" check good.ini ./script)"
printf 'exec ./use price\n' >scriptless && chmod +x scriptless
contains 'nobody knows what runs it' 'scriptless: neither a program nor a script that says' "$("$swrctl" check good.ini ./scriptless 2>&1)"
printf '#!/no/such/thing\n' >orphan && chmod +x orphan
contains 'nothing runs it' '/no/such/thing: No such file' "$("$swrctl" check good.ini ./orphan 2>&1)"

# What advise has learnt, however the program ends.
advice=$("$swrctl" advise --wrap "$price" --wrap 'cstr who(i32)' -- ./use price who nine 2>&1)
expect 'the status of an observed program' 9 $?
contains 'its own output' $'-\nbb\n' "$advice"
contains 'calls and keys' 'price: 4 calls of 2 keys, ' "$advice"
contains 'results that change' 'the result changed 2 times for an unchanged key' "$advice"
contains 'outdated answers' '  1m          50.0 %' "$advice"
contains 'keys that come once' $'who: 2 calls of 2 keys, ' "$advice"
contains 'what is not worth it' 'no key comes twice' "$advice"
cat >slow.c <<'C'
#include <time.h>
int slow(int n);
int slow(int n)
{
    struct timespec ms = {0, 1000000};
    nanosleep(&ms, 0);
    return n;
}
C
printf '#include <signal.h>\nint slow(int n);\nint main(void)\n{\n    for (int i = 0; i < 20; i++)\n        slow(i %% 2);\n    return raise(SIGKILL);\n}\n' >killed.c
build "${cc[@]}" -fPIC -shared slow.c -o libslow.so
build "${cc[@]}" killed.c -o killed -L. -lslow -Wl,-rpath,"$dir"
advice=$("$swrctl" advise --wrap 'i32 slow(i32)' -- ./killed 2>&1)
expect 'the status of a killed program' 137 $?
contains 'what is worth it' 'slow: 20 calls of 2 keys, ' "$advice"
contains 'hits' '90.0 %' "$advice"
contains 'the line to write' "--wrap 'i32 slow(i32) ttl=1m'" "$advice"

# What the program itself has annotated needs no rules.
cat >annotated.c <<'C'
#include <stdio.h>
#include <swrcache.h>
static int computed;
SWR_CACHED(int, square, (SWR_VAL(int, x)))
{
    computed++;
    return x * x;
}
int main(void)
{
    int sum = square(3) + square(3);
    printf("%d %d\n", sum, computed);
    return 0;
}
C
build "${cc[@]}" -I"$here/../../../sdk" annotated.c -o annotated -ldl
expect 'annotated, in a mode' '18 1' "$(run --mode on -- ./annotated)"
expect 'annotated, observed' '18 2' "$(run --mode observe -- ./annotated)"
contains 'annotated, advised' 'square: 2 calls of 1 key, ' "$("$swrctl" advise -- ./annotated 2>&1)"
contains 'nothing to advise' 'no function that could be cached was called; which are meant' "$("$swrctl" advise -- ./use price 2>&1)"

# Events.
cat >events.c <<'C'
#include <stdio.h>
#include <swrcache.h>
double price(const char *symbol, int days);
int main(void)
{
    double first = price("ACME", 3), second = price("ACME", 3);
    swrcache_emit("reloaded");
    double third = price("ACME", 3);
    printf("%c%c\n", first == second ? 'W' : '-', second == third ? 'W' : '-');
    return 0;
}
C
build "${cc[@]}" -I"$here/../../../sdk" events.c -o events -L. -lprice -Wl,-rpath,"$dir" -ldl
expect 'an event of the program' W- "$(run --wrap "$price invalidate_on=\"reloaded restarted\"" -- ./events)"
expect 'another event' WW "$(run --wrap "$price invalidate_on=restarted" -- ./events)"

# Answers compared with the function's: an honest rule stays, a wrong one ends itself and says so.
printf '#include <stdio.h>\n#include <swrcache.h>\nint slow(int n);\ndouble price(const char *, int);\nint main(void)\n{\n    double last = 0, differ = 0;
    for (int i = 0; i < 1000; i++) {\n        double now = price("ACME", 3);\n        differ += i > 700 && now != last;
        last = now;\n        slow(1);\n        swrcache_advance(40);\n    }\n    puts(differ == 299 ? "-" : "W");\n    return 0;\n}\n' >compared.c
build "${cc[@]}" -I"$here/../../../sdk" compared.c -o compared -L. -lslow -lprice -Wl,-rpath,"$dir" -ldl
rm -f log
expect 'a function that gives the same no more' - "$(SWR_CLOCK=manual SWR_LOG=$dir/log run --wrap "$price mode=shadow" --wrap 'i32 slow(i32) mode=shadow' -- ./compared)"
contains 'and it is said' 'price: shadow: 32 of the last 32 fresh answers differed' "$(cat log)"
expect 'an honest one is not complained of' '' "$(grep slow log)"
expect 'not compared' W "$(run --wrap "$price" -- ./compared)"
expect 'all rules in shadow' - "$(SWR_CLOCK=manual run --mode shadow --wrap "$price" -- ./compared)"

# Tools that read objects have nothing to say of ours.
if command -v eu-elflint >/dev/null; then
    for version in '' ' version=NEW'; do
        "$swrctl" wrap --output lint.so --wrap "i32 answer(i32 n)$version" --wrap "$price"
        expect "eu-elflint$version" 'No errors' "$(eu-elflint --gnu-ld lint.so 2>&1)"
    done
fi
if command -v gdb >/dev/null; then
    # From the body of a wrapped function to main(), through the runtime and the stub.
    wrap=$("$swrctl" wrap --output traced.so --wrap 'i32 slow(i32)' && realpath traced.so)
    frames=$(gdb -q -nx -batch -ex "set environment LD_PRELOAD $wrap:$library" -ex 'set breakpoint pending on' -ex 'break slow' -ex run -ex bt -ex continue -ex bt \
        ./killed 2>&1)
    expect 'gdb sees the stub and the function' 2 "$(grep -c '^#0 .*slow ' <<<"$frames")"
    expect 'gdb sees their caller' 2 "$(grep -c '^#.* main (' <<<"$frames")"
    contains 'gdb sees the way' ' swrcache_stub (' "$frames"
    expect 'gdb loses no frame' '' "$(grep -E '\?\?|corrupt' <<<"$frames")"
fi

echo "$tried tried"
exit $failed
