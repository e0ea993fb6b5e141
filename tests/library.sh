#!/bin/sh
# The library is loaded into programs of others: it needs libc and nothing else, exports its one
# door, stays loaded, and binds at once.
# usage: library.sh libswrcache.so
set -u
library=$1
failed=0

expect() { # what, expected, found
    if [ "$2" = "$3" ]; then
        echo "ok: $1"
    else
        echo "FAILED: $1: expected '$2', found '$3'"
        failed=1
    fi
}

dynamic=$(readelf -dW "$library") || exit 1
# The dynamic loader is a part of libc.
needed=$(printf '%s\n' "$dynamic" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -v '^ld-linux' | sort | tr '\n' ' ')
expect 'needs libc alone' 'libc.so.6 ' "$needed"

exported=$(readelf --dyn-syms -W "$library" |
    awk '$7 != "UND" && $7 != "ABS" && ($5 == "GLOBAL" || $5 == "WEAK") { print $8 }' | sort | tr '\n' ' ')
expect 'exports two symbols' 'swrcache_attach@@SWRCACHE_1 swrcache_stub@@SWRCACHE_1 ' "$exported"

# Promise 10: what would end, print into, or signal the program is never called.
refused='abort|_?exit|_Exit|quick_exit|__assert_fail|v?printf|__v?printf_chk|puts|putchar|perror|v?warnx?|v?errx?|v?syslog'
refused="$refused|signal|sigaction|raise|kill|pthread_kill|system|popen|dup2?|chdir|umask|setlocale|setenv|putenv"
found=$(readelf --dyn-syms -W "$library" | awk '$7 == "UND" { sub(/@.*/, "", $8); print $8 }' |
    grep -xE "$refused" | sort | tr '\n' ' ')
expect 'promise 10: calls nothing that ends, prints or signals' '' "$found"

# Promise 13: what the program is and was told is copied at the start, in one place.
found=$(readelf --dyn-syms -W "$library" | awk '$7 == "UND" { sub(/@.*/, "", $8); print $8 }' |
    grep -xE 'getenv|secure_getenv|getopt|program_invocation_name' | sort | tr '\n' ' ')
expect 'promise 13: asks the environment for nothing' '' "$found"

soname=$(printf '%s\n' "$dynamic" | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p')
expect 'soname' 'libswrcache.so.0' "$soname"

case $dynamic in *NODELETE*) found=yes ;; *) found=no ;; esac
expect 'cannot be unloaded' yes "$found"

case $dynamic in *NOW*) found=yes ;; *) found=no ;; esac
expect 'binds at once' yes "$found"

case $dynamic in *TEXTREL*) found=yes ;; *) found=no ;; esac
expect 'has no text relocations' no "$found"

segments=$(readelf -lW "$library") || exit 1
stack=$(printf '%s\n' "$segments" | sed -n 's/.*GNU_STACK .* \([RWE ]*[RWE]\) *0x.*/\1/p' | tr -d ' ')
expect 'needs no executable stack' RW "$stack"
expect 'has no segment both written and run' 0 "$(printf '%s\n' "$segments" | grep -c ' RWE ')"

exit $failed
