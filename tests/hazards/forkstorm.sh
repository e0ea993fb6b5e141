#!/bin/bash
# A storm of forks with each other allocator there is.
# usage: forkstorm.sh PROGRAM
set -u
failed=0
tried=0
for other in libjemalloc.so.2 libmimalloc.so.2 libtcmalloc_minimal.so.4; do
    file=$(ldconfig -p 2>/dev/null | sed -n "s/^[[:space:]]*$other (.*=> //p" | head -n 1)
    [ -n "$file" ] || continue
    tried=$((tried + 1))
    if ! LD_PRELOAD=$file "$1"; then
        echo "FAILED: with $other"
        failed=1
    fi
done
[ "$tried" -ne 0 ] || exit 77
exit "$failed"
