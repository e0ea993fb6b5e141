#!/bin/bash
# swrctl advise --all-from: which functions of a library are observed, why the others are not, and what is
# advised, from debug information and from a header.
# usage: advise.sh SWRCTL CC...
set -u
swrctl=$(realpath "$1")
shift
. "$(dirname "$0")/../scratch.sh"
export TMPDIR=$dir
unset DEBUGINFOD_URLS

advise() {
    "$swrctl" advise "$@" 2>&1
}
# The reason that is told for a name.
reason() { # name, output
    awk -v name="$1" '/^  [^ ].*:$/ { why = $0 } /^    / { n = split($0, words, /[ ,]+/); for (i = 1; i <= n; i++) if (words[i] == name) print why }' <<<"$2"
}

library() { # file, flags...
    "${cc[@]}" -O1 -fPIC -shared "$here/offered.c" -Wl,--version-script="$here/offered.map" -Wl,-soname,liboffered.so.1 -o "$@" || exit 1
}
cc=("$@")
library liboffered.so.1
"${cc[@]}" -O1 "$here/use.c" -o use liboffered.so.1 -Wl,-rpath,"$dir" || exit 1

# A signature from each place says the same of each function.
all() { # what, output
    local line
    expect "$1: what the program prints" 1 "$(grep -c '^6135$' <<<"$2")"
    contains "$1: calls and keys" 'scaled: 20 calls of 3 keys, ' "$2"
    contains "$1: hits" '  1m          85.0 %' "$2"
    contains "$1: what to write" "--wrap 'f64 scaled(str name, i32 days) lib=liboffered.so.1 ttl=1m'" "$2"
    contains "$1: names of types" 'doubled: 100 calls of 50 keys, ' "$2"
    contains "$1: strings of the library" 'colour_name: 1 call of 1 key, ' "$2"
    contains "$1: called no more than once" 'no key comes twice' "$2"
    contains "$1: what is not called" 'never called; swrctl check says which calls are reached:
    nothing_in, wide' "$2"
    while read -r name why; do
        contains "$1: $name" "$why" "$(reason "$name" "$2")"
    done <<'TABLE'
handle_new a structure cannot be described here
handle_size a structure cannot be described here
fresh_text who frees the string?
filled what is behind this pointer?
counted a string, or bytes that the parameter after it counts?
through what is behind this pointer?
sorted a callback cannot be described
logged a variadic function
exact long double
silent gives nothing that could be remembered
versioned there are several versions of it
TABLE
}
said=$(advise --all-from liboffered.so.1 --prototypes "$here/offered.h" -- ./use)
expect 'the status of the program' 5 $?
all 'a header' "$said"
contains 'in no header' 'its signature is not known' "$(reason hidden_helper "$said")"
contains 'in the header alone' 'exports no such function' "$(reason absent "$said")"
expect 'a function of the header itself' '' "$(reason local "$said")"
for flags in -gdwarf-4 -gdwarf-5; do
    library liboffered.so.1 "$flags"
    said=$(advise --all-from liboffered.so.1 -- ./use)
    all "$flags" "$said"
    contains "$flags: in no header" 'a structure' "$(reason hidden_helper "$said")"
    contains "$flags: chosen when loaded" 'IFUNC' "$(reason chosen "$said")"
done
said=$(advise --all-from "$dir/liboffered.so.1" -- ./use)
contains 'by its path' 'scaled: 20 calls' "$said"
objcopy --only-keep-debug liboffered.so.1 liboffered.debug && strip liboffered.so.1 &&
    objcopy --add-gnu-debuglink=liboffered.debug liboffered.so.1 || exit 1
all 'a file of its own' "$(advise --all-from liboffered.so.1 -- ./use)"
said=$(advise --wrap 'double scaled(bytes[1] name, i32 days) ttl=3s' --all-from liboffered.so.1 -- ./use)
contains 'what is written counts more' 'double scaled' "${said/f64 scaled/double scaled}"
contains 'what is written counts more: its keys' "scaled(bytes[1] name, i32 days) ttl=1m" "$said"
said=$(advise --all-from liboffered.so.1 -- ./use wait)
expect 'ended by Ctrl-C' 130 $?
contains 'and advised all the same' 'scaled: 20 calls' "$said"
expect 'nothing is left behind' '' "$(ls -d swrcache-advise-* 2>/dev/null)"

# Services are ended by TERM: the program gets it, and what it has shown is told.
cat >serving.c <<'C'
#include <stdio.h>
#include <unistd.h>
double scaled(const char *, int);
int main(void)
{
    for (int i = 0; i < 20; i++)
        scaled("a", i % 3);
    puts("serving");
    fflush(stdout);
    for (;;)
        pause();
}
C
"${cc[@]}" serving.c -o serving liboffered.so.1 -Wl,-rpath,"$dir" || exit 1
mkfifo serves
"$swrctl" advise --all-from liboffered.so.1 -- ./serving >serves 2>said &
advising=$!
read -r line <serves
kill -TERM "$advising"
wait "$advising"
expect 'ended by TERM' 143 $?
contains 'ended by TERM, and advised all the same' 'scaled: 20 calls of 3 keys' "$(cat said)"
expect 'ended by TERM: nothing is left behind' '' "$(ls -d swrcache-advise-* 2>/dev/null)"

# Threads that begin together are counted to the last call, and so are forked workers.
cat >together.c <<'C'
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
double scaled(const char *, int);
enum { THREADS = 8, CALLS = 200 };
static pthread_barrier_t barrier;
static void *call(void *unused)
{
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < CALLS; i++)
        scaled("a", i % 3);
    return unused;
}
/* As a daemon does: root begins, its workers are nobody in particular, without a way to files. */
int main(int argc, char **argv)
{
    int workers = argc > 1 ? atoi(argv[1]) : 0;
    for (int w = 0; w < workers || w == 0; w++) {
        if (workers != 0 && fork() != 0)
            continue;
        pthread_t threads[THREADS];
        if (workers != 0 && geteuid() == 0 && (chroot("/proc/self/fdinfo") != 0 || setgid(64321) != 0 || setuid(64321) != 0))
            _exit(9);
        pthread_barrier_init(&barrier, NULL, THREADS);
        for (int i = 0; i < THREADS; i++)
            pthread_create(&threads[i], NULL, call, NULL);
        for (int i = 0; i < THREADS; i++)
            pthread_join(threads[i], NULL);
        if (workers != 0)
            _exit(0);
    }
    int status, bad = 0;
    while (wait(&status) > 0)
        bad += status != 0;
    return bad;
}
C
"${cc[@]}" together.c -o together liboffered.so.1 -Wl,-rpath,"$dir" -pthread || exit 1
for _ in 1 2 3 4 5; do
    contains 'threads that begin together' 'scaled: 1600 calls of 3 keys, ' "$(advise --all-from liboffered.so.1 -- ./together)"
done
for workers in 1 7; do
    said=$(advise --all-from liboffered.so.1 -- ./together "$workers")
    expect "$workers forked workers" 0 $?
    contains "$workers forked workers that are another user" "scaled: $((workers * 1600)) calls of 3 keys, " "$said"
done

# Who has dropped root's rights and starts another program, whose file lies beside root's.
if [ "$(id -u)" -eq 0 ]; then
    chmod 755 "$dir"
    said=$(advise --all-from "$dir/liboffered.so.1" -- setpriv --reuid=64321 --regid=64321 --clear-groups "$dir/use")
    contains 'rights that are dropped' 'scaled: 20 calls of 3 keys' "$said"
    expect 'rights that are dropped: nothing is left behind' '' "$(ls -d swrcache-advise-* 2>/dev/null)"
fi

# Only its writer changes it: no answer would have been outdated, and nothing is held against it.
cat >level.c <<'C'
#include <swrcache.h>
static int world[6];
SWR_CACHED(int, level, (SWR_VAL(int, n)))
{
    int sum = 0;
    for (volatile int i = 0; i < 20000; i++)
        sum++;
    return world[n] + sum;
}
SWR_INVALIDATES(void, set_level, (SWR_VAL(int, n), SWR_VAL(int, v)), ("level(%d)", n))
{
    world[n] = v;
}
int main(void)
{
    for (int i = 0; i < 600; i++) {
        if (i % 60 == 30)
            set_level(i / 60 % 6, i);
        level(i % 6);
    }
    return 0;
}
C
"${cc[@]}" -std=gnu11 -I"$here/../../../sdk" level.c -o level -ldl || exit 1
said=$(advise -- ./level)
contains 'kept right by its writer' 'level: 600 calls of 6 keys, ' "$said"
contains 'kept right by its writer: the time is of threads' ' of thread time, ' "$said"
for ttl in 1s 10s 1m; do
    expect "kept right by its writer: $ttl" "$ttl 97.3 0" "$(awk -v ttl=$ttl '$1 == ttl { print $1, $2, $6 }' <<<"$said")"
done
contains 'kept right by its writer: it is said' 'the result changed 10 times for an unchanged key, each time taken back by the program' "$said"
contains 'kept right by its writer: what to write' "SWR_SETTINGS='level ttl=1m'" "$said"

# What was written is in the line that is offered, but for its lifetime.
said=$(advise --wrap 'f64 scaled(str name, i32 days) ttl=5m secret=yes stale=0 max_entries=100' -- ./use)
contains 'what was written is kept' \
    "--wrap 'f64 scaled(str name, i32 days) secret=yes stale=0 max_entries=100 ttl=1m'" "$said"

# Of each reason so many names.
for n in $(seq 300); do echo "int nowhere_$n(int);"; done >many.h
said=$(advise --all-from liboffered.so.1 --prototypes many.h --prototypes "$here/offered.h" -- ./use)
contains 'names are told in part' 'and 281 more' "$said"

# Memory is what lives at once.
cat >many.c <<'C'
#include <stdio.h>
double scaled(const char *, int);
int main(void)
{
    char name[8];
    for (int i = 0; i < 500; i++)
        sprintf(name, "%d", i), scaled(name, i);
    return 0;
}
C
"${cc[@]}" many.c -o many liboffered.so.1 -Wl,-rpath,"$dir" || exit 1
said=$(advise --all-from liboffered.so.1 -- ./many)
most=$(awk '$1 == "1m" && $4 == "0" { print ($8 == "KB") * int($7) }' <<<"$said" | head -n 1)
tried=$((tried + 1))
# 500 entries of 8 bytes of value, a key of some 20, and their heads.
[ "${most:-0}" -ge 20 ] && [ "$most" -le 60 ] || { echo "FAILED: memory: $most KB in $said"; failed=1; }

# What is wrong is told before the program starts.
refused() { # wanted, arguments
    local said
    tried=$((tried + 1))
    said=$(advise "${@:2}")
    if [ $? -eq 0 ] || [[ $said != *"$1"* ]] || [[ $said == *6135* ]]; then
        echo "FAILED: ${*:2}: wanted '$1' in '$said'"
        failed=1
    fi
}
rm liboffered.debug
# Prototypes where the library was built: with bodies, or a line each.
printf 'int main(int n)\n{\n    return "{"[n] == 0;\n}\ndouble scaled(const char *name, int days)\n{\n    return (name[0] != 0) * days;\n}\nstatic int more(int);\n' >bodies.c
said=$(advise --all-from liboffered.so.1 --prototypes bodies.c -- ./use)
contains 'prototypes with bodies' 'scaled: 20 calls' "$said"
printf 'f64 scaled(str name, i32 days)\ni32 doubled(i32)\n' >lines
printf '#define API(type) extern type\nAPI(double) scaled(const char *name, int days);\nAPI(long unsigned int) absent(void);\nint absent(void);\nAPI(long unsigned int) doubled(short unsigned int n);\n' >made.h
"${cc[@]}" -E made.h >made || exit 1
said=$(advise --all-from liboffered.so.1 --prototypes made -- ./use)
contains 'a header of macros, preprocessed' 'scaled: 20 calls' "$said"
contains 'types in the words of a compiler' 'doubled: 100 calls' "$said"
expect 'a name is told once' 1 "$(grep -o absent <<<"$said" | wc -l)"
said=$(advise --all-from liboffered.so.1 --prototypes lines -- ./use)
contains 'a line each' 'scaled: 20 calls' "$said"
contains 'a line each, the next' 'doubled: 100 calls' "$said"
refused 'no debug information says what its functions take; install its package of debug symbols, or give its prototypes' \
    --all-from liboffered.so.1 -- ./use
printf 'nothing of it\n' >prose
refused 'neither debug information nor prose says what any of its functions takes; a header that makes its prototypes by macros' \
    --all-from liboffered.so.1 --prototypes prose -- ./use
refused '--all-from libnosuch.so: No such file' --all-from libnosuch.so -- ./use
refused 'is no library that exports functions' --all-from "$here/use.c" -- ./use
refused 'nosuch.h: No such file' --all-from liboffered.so.1 --prototypes nosuch.h -- ./use
mkfifo fifo
refused 'fifo: no regular file' --all-from liboffered.so.1 --prototypes fifo -- ./use
refused 'say whose with --all-from' --prototypes "$here/offered.h" --wrap 'i32 f(i32)' -- ./use
refused '--all-from needs a value' --all-from
said=$("$swrctl" run --all-from liboffered.so.1 -- ./use 2>&1)
contains 'run observes nothing' 'run takes no option --all-from' "$said"

echo "$tried tried"
exit $failed
