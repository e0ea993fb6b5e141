#!/bin/bash
# Shims by SWR_INTERPOSE, each built by one line, before programs that know nothing of them.
# usage: shim.sh LIBRARY SOURCE CC...
set -u
library=$(realpath "$1") source=$2
shift 2
here=$source/tests/interpose/shim
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
export SWR_CONTROL=0
unset LD_PRELOAD
flags=(-std=gnu11 -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Werror -I"$source/sdk")
failed=0
expect() { # what, wanted, found
    [ "$2" = "$3" ] && return
    echo "FAILED: $1: wanted '$2', found '$3'"
    failed=1
}

"$@" "${flags[@]}" -shared -fPIC "$here/lib.c" -o liblib.so &&
    "$@" "${flags[@]}" "$here/use.c" -o use -L. -llib -Wl,-rpath,"$dir" &&
    "$@" "${flags[@]}" -shared -fPIC "$here/shim.c" -o shim.so &&
    "$@" "${flags[@]}" -shared -fPIC "$source/sdk/examples/shim-pbkdf2.c" -o shim-pbkdf2.so &&
    "$@" "${flags[@]}" -shared -fPIC "$here/counting.c" -o counting.so || exit 1
expect 'alone' '----W' "$(./use)"
expect 'shim without a runtime' '----W' "$(LD_PRELOAD=$dir/shim.so ./use)"
expect 'shim' 'WWWWW' "$(LD_PRELOAD="$dir/shim.so $library" ./use)"
expect 'runtime first' 'WWWWW' "$(LD_PRELOAD="$library $dir/shim.so" ./use)"
expect 'two shims' 'WWWWW' "$(cp shim.so second.so && LD_PRELOAD="$dir/shim.so $dir/second.so $library" ./use)"
expect 'switched off' '----W' "$(SWR_ENABLE=0 LD_PRELOAD="$dir/shim.so $library" ./use)"

# Python's own libcrypto, in a scope of its own: found through the link map.
if python=$(command -v /usr/bin/python3) && "$python" -c 'import _hashlib' 2>/dev/null; then
    plain=$("$python" "$here/login.py") || failed=1
    expect 'Python with the shim' "$plain" "$(LD_PRELOAD="$dir/shim-pbkdf2.so $library" "$python" "$here/login.py")"
    expect 'how often it was asked' 'asked 2 times' \
        "$(LD_PRELOAD="$dir/shim-pbkdf2.so $library $dir/counting.so" "$python" "$here/login.py" 2>&1 >/dev/null)"
    expect 'how often without the shim' 'asked 6 times' \
        "$(LD_PRELOAD="$dir/counting.so" "$python" "$here/login.py" 2>&1 >/dev/null)"
fi
exit $failed
