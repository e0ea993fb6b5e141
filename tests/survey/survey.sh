#!/bin/bash
# Ordinary commands run plain, with the runtime preloaded, and with the names preset before it: standard output,
# standard error and exit status must be the same, byte for byte.
# usage: survey.sh RUNTIME PRESET [PATTERN]      PATTERN: only the lines that match this regular expression
set -u
runtime=$1 preset=$2 pattern=${3-}
here=$(dirname "$(readlink -f "$0")")
top=$(mktemp -d) || exit 1
trap 'rm -rf "$top"' EXIT
chmod 755 "$top"
mkdir "$top/tools" "$top/sockets"
chmod 700 "$top/sockets"
export LC_ALL=C TZ=UTC HOME=$top SWR_SOCKET_DIR=$top/sockets
PATH=$PATH:/usr/sbin:/sbin
unset LD_PRELOAD
modes=(plain runtime preset)
same=0 different=0 missing=0

# Other users must be able to read what is preloaded.
for library in "$runtime" "$preset"; do
    cp "$library" "$top/" && chmod 755 "$top/${library##*/}" || exit 1
done
runtime=$top/${runtime##*/} preset=$top/${preset##*/}

helpers() {
    cc -static -o "$top/tools/static" "$here/static.c"
    cc -D_GNU_SOURCE -o "$top/tools/seccomp" "$here/seccomp.c"
    cp "$(command -v id)" "$top/tools/setuid-id" && chmod 4755 "$top/tools/setuid-id"
} >/dev/null 2>&1

template() {
    local i
    mkdir -p "$top/template/d" && cp "$here/hello.c" "$top/template/"
    printf '%s\n' banana apple cherry >"$top/template/text"
    for ((i = 1; i < 10; i++)); do
        echo "$i" >"$top/template/d/$i"
        chown "$((i % 4)):$((i % 3))" "$top/template/d/$i" 2>/dev/null
    done
    touch -d @0 "$top"/template/d/* "$top/template/d"
}

fixture() {
    rm -rf "$top/fixture"
    cp -a "$top/template" "$top/fixture" && cp -l "$top/tools/"* "$top/fixture/"
}

preload_of() {
    case $1 in
    runtime) echo "$runtime" ;;
    preset) echo "$preset $runtime" ;;
    esac
}

run() { # mode, line
    local preload
    preload=$(preload_of "$1")
    fixture
    (
        cd "$top/fixture" || exit 1
        [ -z "$preload" ] || export LD_PRELOAD=$preload
        exec timeout 300 bash -c "$2"
    ) >"$top/$1.out" 2>"$top/$1.err" </dev/null
    echo "status $?" >>"$top/$1.err"
}

template
helpers
"$here/leftovers.sh"
while IFS= read -r line; do
    case $line in '' | '#'*) continue ;; esac
    program=${line%% | *} command=${line#* | }
    [[ -z $pattern || $line =~ $pattern ]] || continue
    fixture
    if ! (cd "$top/fixture" && command -v "$program") >/dev/null; then
        missing=$((missing + 1))
        echo "not installed: $program"
        continue
    fi
    good=yes
    for mode in "${modes[@]}"; do
        run "$mode" "$command"
        if ! cmp -s "$top/plain.out" "$top/$mode.out" || ! cmp -s "$top/plain.err" "$top/$mode.err"; then
            good=no
            echo "differs ($mode): $command"
            diff "$top/plain.out" "$top/$mode.out" | head -n 5
            diff "$top/plain.err" "$top/$mode.err" | head -n 5
        fi
    done
    if [ $good = yes ]; then
        same=$((same + 1))
    else
        different=$((different + 1))
    fi
done <"$here/commands"
echo "$same commands the same, $different not, $missing not installed"
# Fewer than sixty are no survey.
[ "$different" -eq 0 ] && [ "$same" -gt 0 ] && { [ "$same" -ge 60 ] || [ -n "$pattern" ]; }
