#!/bin/bash
# Preloaded together with others that stand in front of libc, before them and after them: what programs print
# stays what it is with the other alone.
# usage: together.sh RUNTIME PRESET
set -u
runtime=$(readlink -f "$1") preset=$(readlink -f "$2") # ld.so looks again from every directory
ours="$preset $runtime"
"$(dirname "$(readlink -f "$0")")/leftovers.sh"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export LC_ALL=C TZ=UTC SWR_SOCKET_DIR=$work/sockets
mkdir -m 700 sockets
mkdir d && touch d/{1..20}
chown 1:2 d/1? 2>/dev/null
same=0 different=0 missing=0

printf 'root:x:0:0:wrapped root:/:/bin/sh\nbin:x:1:1:wrapped:/:/bin/sh\nonly:x:4711:4711::/:/bin/sh\n' >passwd
printf 'root:x:0:\nbin:x:1:only,root\n' >group

programs=(
    "find d -printf '%u %g %p\\n' | sort"
    "tar -c --sort=name --mtime=@0 d | tar -tv"
    "python3 -c 'import pwd, grp, socket
for i in range(50): print(pwd.getpwuid(0), grp.getgrgid(1), socket.getaddrinfo(\"localhost\", 80), i)'"
    "python3 -c 'import pwd
for n in \"root\", \"only\", \"nobody\", \"none such\":
    try: print(pwd.getpwnam(n))
    except KeyError as e: print(e)'"
    "perl -e 'fork; print join(\":\", getpwuid(0)), \"\\n\" for 1..3; wait'"
    "bash -c 'echo ~root; for i in 1 2 3; do (exit \$i); echo \$?; done'"
    "date -u +%Y"
)

library() { # name in ld.so's directories
    local path
    for path in "$PWD/$1" /usr/lib/*/"$1" /usr/lib/*/*/"$1" /usr/lib/"$1"; do
        if [ -e "$path" ]; then
            echo "$path"
            return
        fi
    done
}

together() { # name, file, NAME=VALUE...
    local name=$1 other order program
    other=$(library "$2")
    shift 2
    if [ -z "$other" ]; then
        echo "not installed: $name"
        missing=$((missing + 1))
        return
    fi
    for program in "${programs[@]}"; do
        env "$@" LD_PRELOAD="$other" bash -c "$program" >alone.out 2>alone.err </dev/null
        echo "status $?" >>alone.err
        for order in "$ours $other" "$other $ours"; do
            env "$@" LD_PRELOAD="$order" timeout 300 bash -c "$program" >both.out 2>both.err </dev/null
            echo "status $?" >>both.err
            if cmp -s alone.out both.out && cmp -s alone.err both.err; then
                same=$((same + 1))
            else
                different=$((different + 1))
                echo "differs with $name: LD_PRELOAD=\"$order\": $program"
                diff alone.out both.out | head -n 5
                diff alone.err both.err | head -n 5
            fi
        done
    done
}

together nothing libc.so.6
together jemalloc libjemalloc.so.2
together mimalloc libmimalloc.so.2.0
together tcmalloc libtcmalloc_minimal.so.4
together libnss_wrapper libnss_wrapper.so "NSS_WRAPPER_PASSWD=$work/passwd" "NSS_WRAPPER_GROUP=$work/group"
together libfaketime libfaketime.so.1 'FAKETIME=2001-01-01 00:00:00'
together libeatmydata libeatmydata.so
cp "$preset" second.so
together 'a second copy of the preset' second.so
cp "$runtime" runtime.so
together 'a second copy of the runtime' runtime.so

echo "$same the same, $different not, $missing not installed"
[ "$different" -eq 0 ] && [ "$same" -gt 0 ]
