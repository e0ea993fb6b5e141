#!/bin/bash
# S45: bad files of rules. Each is told in one line that names the place, before the program starts, and nothing
# waits; with --force the program runs, and the rules that are right still apply.
# usage: bad.sh SWRCTL CC...
set -u
swrctl=$(realpath "$1")
shift
. "$(dirname "$0")/../scratch.sh"
"$@" -O2 -fPIC -shared "$here/../run/price.c" -o libprice.so -Wl,-soname,libprice.so &&
    "$@" -O2 "$here/../run/use.c" -o use -L. -lprice -Wl,-rpath,"$dir" -ldl || exit 1
good=$'[price]\nprototype = double price(str symbol, i32 days)\nttl = 1h\n'

fail() {
    echo "FAILED: $*"
    failed=1
}
# What must be said of a file, from its name on; further lines of standard error are as many as mistakes.
bad() { # file, mistakes, text
    local said status
    tried=$((tried + 1))
    said=$(timeout 100 "$swrctl" run --config "$1" -- ./use price 2>&1 </dev/null)
    status=$?
    [ $status -eq 2 ] || fail "$1: status $status: $said"
    [[ $said == *"swrctl: $1$3"* ]] || fail "$1: wanted '$1$3' in: $said"
    [ "$(grep -c '^swrctl: ' <<<"$said")" -eq "$2" ] || fail "$1: wanted $2 lines: $said"
    [[ $said != *$'\e'* ]] || fail "$1: control characters: $said"
    said=$(timeout 100 "$swrctl" check "$1" 2>&1 </dev/null) && fail "$1: check takes it"
    [[ $said == *"$1$3"* ]] || fail "check $1: wanted '$3' in: $said"
    said=$(timeout 100 "$swrctl" run --force --config "$1" --wrap 'double price(str, i32) ttl=1h' -- ./use price 2>/dev/null </dev/null)
    [ "$said" = W ] || fail "$1, forced: $said"
}
text() { # file, printf format: then as bad()
    printf "$2" >"$1"
    bad "$1" "$3" "$4"
}

text garbage 'garbage\n\001\002\377\n' 2 ':1:1: expected NAME = VALUE'
text escape '[who]\nprototype = cstr who(i32)\nttl = \033[31mred\n' 1 ':3:7: ttl=?[31mred is no duration'
text nul '[who]\nprototype = cstr who(\0i32)\n' 1 ':2:22: a NUL byte'
text late-nul '[who]\nprototype = cstr who(i32)\nttl = 20s\0garbage\n' 1 ':3:10: a NUL byte'
text type '[who]\nprototype = cstr who(i33 n)\n' 1 ":2:22: no type 'i33'"
text result '[who]\nprototype = strr who(i32)\n' 1 ":2:13: no type 'strr'"
text twice '[who]\nprototype = cstr who(i32)\n[who]\nprototype = cstr who(i32)\n' 1 ':3:1: a second section'
text attribute '[who]\nprototype = cstr who(i32)\ntll = 20s\n' 1 ":3:1: no attribute 'tll'; there are"
text unit '[who]\nprototype = cstr who(i32)\nttl = 20\n' 1 ':3:7: ttl=20 is no duration; write 250ms'
text again '[who]\nprototype = cstr who(i32)\nttl = 20s\nttl = 30s\n' 1 ':4:1: ttl is said twice'
text unfinished '[who\nprototype = cstr who(i32)\n' 1 ":1:1: ']' is missing"
text empty-name '[]\nprototype = cstr who(i32)\n' 1 ":1:1: a section's name is the function's"
text homeless 'ttl = 3s\n' 1 ':1:1: this belongs to no function'
text region '[who]\nprototype = cstr who(i32)\nregion = a..b\n' 1 ":3:10: region=a..b: a region's name is letters, digits, _ and - between dots"
text tags '[who]\nprototype = cstr who(i32)\ntags = "a b"\n' 1 ':3:8: tags="a b": names separated by blanks, without quotes'
text nobody '[function:]\nttl = 3s\n' 1 ":1:11: a function's name: [function:NAME]"
text alone '[who]\n' 1 ':1:1: section [who] has no prototype'
text preset '[preset nosuch]\n' 1 ':1:9: there is one preset, names'
text allocator '[malloc]\nprototype = u64 malloc(u64)\n' 1 ":2:17: 'malloc' must not be wrapped: it hands out memory"
text copier '[memcpy]\nprototype = u64 memcpy(u64)\n' 1 ":2:17: 'memcpy' must not be wrapped: it works on"
text threads '[pthread_self]\nprototype = u64 pthread_self()\n' 1 ":2:17: 'pthread_self' must not be wrapped: it acts"
text own '[swrcache_attach]\nprototype = u64 swrcache_attach(u32)\n' 1 ":2:17: 'swrcache_attach' must not be wrapped: it is the cache's own"
text variadic '[logged]\nprototype = i32 logged(str, ...)\n' 1 ':2:29: a variadic function'
text callback '[sorted]\nprototype = i32 sorted(int (*compare)(int))\n' 1 ':2:28: a callback'
text structure '[at]\nprototype = i32 at(struct point p)\n' 1 ':2:20: a structure'
text pointer '[at]\nprototype = i32 at(int *p)\n' 1 ':2:20: what is behind this pointer'
text x87 '[at]\nprototype = long double at(int p)\n' 1 ':2:13: long double'
text libc '[who]\nprototype = cstr who(i32)\nlib = /usr/lib/libc.so.6\n' 1 ':3:7: lib=/usr/lib/libc.so.6: a file name, without a directory'

printf '[who]\nprototype = cstr who(%s)\n' "$(printf '%01000000d' 0)" >long-line
bad long-line 1 ':2:199: the line is too long; a prototype may go on in indented lines'
{
    printf '[who]\nprototype = cstr who('
    for ((i = 0; i < 90; i++)); do printf '('; done
    printf ')\n'
} >deep
bad deep 1 ":2:22: a type is missing before '('"
{
    printf '[who]\nprototype = cstr who(i32'
    for ((i = 0; i < 20; i++)); do printf ',\n    i32, i32'; done
    printf ')\n'
} >many-parameters
bad many-parameters 1 ':14:10: more than 24 parameters'
for ((i = 0; i < 100; i++)); do echo nonsense; done >many-mistakes
bad many-mistakes 21 ':20:1: expected NAME = VALUE'
{
    printf '%s' "$good"
    printf '; %01048575d\n' 0
} >large
bad large 1 ': larger than 1 MiB'
cp /bin/sh program
bad program 1 ':1:'

# What is no file of text. None of them may be waited for.
bad missing 1 ': No such file or directory'
mkdir directory
bad directory 1 ': Is a directory'
mkfifo fifo
bad fifo 1 ': no regular file; what comes from a pipe is read from standard input, as -'
bad /dev/zero 1 ': no regular file'
ln -s loop loop
bad loop 1 ': Too many levels'
if [ "$(id -u)" -eq 0 ] && setpriv --reuid=64321 --regid=64321 --clear-groups test -x "$swrctl" 2>/dev/null; then
    chmod 755 "$dir" && printf '%s' "$good" >unreadable && chmod 600 unreadable
    tried=$((tried + 1))
    said=$(setpriv --reuid=64321 --regid=64321 --clear-groups "$swrctl" check unreadable 2>&1) && fail "unreadable: $said"
    [[ $said == 'swrctl: unreadable: Permission denied'* ]] || fail "unreadable: $said"
fi

# Who writes while it is read.
cat >writing.c <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>
ssize_t read(int fd, void *buffer, size_t room)
{
    ssize_t (*next)(int, void *, size_t), n;
    *(void **)&next = dlsym(RTLD_NEXT, "read");
    static int done;
    n = next(fd, buffer, room);
    if (done++ != 0)
        return n;
    int other = open("written", O_WRONLY | O_APPEND);
    (void)!write(other, "\n", 1);
    close(other);
    return n;
}
C
"$@" -fPIC -shared writing.c -o writing.so -ldl || exit 1
printf '%s' "$good" >written
tried=$((tried + 1))
said=$(LD_PRELOAD=$dir/writing.so "$swrctl" check written 2>&1) && fail "written: taken: $said"
[[ $said == *'written: it was changed while it was read'* ]] || fail "written: $said"

# And good ones: from a pipe, with the mark of UTF-8, the line ends of elsewhere, no line end at all.
for form in '%s' '\357\273\277%s' "${good//$'\n'/$'\r\n'}" "${good%$'\n'}"; do
    tried=$((tried + 1))
    said=$(printf "$form" "$good" | "$swrctl" run --config - -- ./use price 2>&1)
    [ "$said" = W ] || fail "a good file: $said"
done

echo "$tried tried"
exit $failed
