#!/bin/bash
# What the documents say is tried: examples compile and run, commands print what is shown, names exist,
# manual pages are well formed.
# usage: check.sh BUILD SOURCE CC...
#
# In README.md a block of commands is run when `<!-- tried -->` stands before it. Numbers with a point or of
# three digits and more may differ from what is shown.
set -u
build=$1 source=$2
shift 2
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
export SWR_CONTROL=0 LC_ALL=C.UTF-8
unset LD_PRELOAD
failed=0
tried=0

verdict() { # status, what
    tried=$((tried + 1))
    [ "$1" -eq 0 ] && return
    echo "FAILED: $2"
    [ -s "$tmp/said" ] && sed 's/^/  /' "$tmp/said"
    failed=1
}

# C blocks, one a file: README's fenced ones, those of a manual page in .Bd -literal.
readme_blocks() {
    awk -v out="$tmp/readme" '/^```c$/ { file = out "-" ++n ".c"; next } /^```/ { file = "" }
        file != "" { print > file }' "$1"
}

manual_blocks() { # page, name
    awk -v out="$tmp/$2" '/^\.Bd -literal/ { block = ""; open = 1; next }
        /^\.Ed/ { if (block ~ /\n{\n/ && block !~ /\{ body \}/) printf "%s", block > (out "-" ++n ".c"); open = 0 }
        open { gsub(/\\e/, "\\"); block = block $0 "\n" }' "$1"
}

# An ellipsis on a line of its own stands for a body; without an #include the header is meant.
complete() {
    sed -i 's/^\( *\)\.\.\.\( .*\)\{0,1\}$/\1return 0;\2/' "$1"
    grep -q '^#include <swrcache.h>' "$1" || sed -i '1i #include <swrcache.h>' "$1"
}

readme_blocks "$source/README.md"
for page in "$source"/sdk/*.3; do
    manual_blocks "$page" "$(basename "$page")"
done
blocks=0
flags="-std=gnu11 -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Werror -Wno-unused-parameter -I$source/sdk"
for block in "$tmp"/*.c; do
    name=$(basename "$block" .c)
    blocks=$((blocks + 1))
    # The first line may name the file that is shown.
    shown=$(sed -n '1s/^\/\* \([a-z]*\.c\) - .*/\1/p' "$block")
    if [ -n "$shown" ]; then
        cmp "$block" "$source/sdk/examples/$shown" >"$tmp/said" 2>&1
        verdict $? "$name shows sdk/examples/$shown as it is"
    fi
    complete "$block"
    # shellcheck disable=SC2086
    if grep -q '^int main' "$block"; then
        "$@" $flags "$block" -o "$tmp/program" >"$tmp/said" 2>&1 && "$tmp/program" >"$tmp/said" 2>&1
        verdict $? "$name compiles and runs"
        LD_PRELOAD=$build/lib/libswrcache.so SWR_CLOCK=manual "$tmp/program" >"$tmp/said" 2>&1
        verdict $? "$name runs with the library"
    else
        "$@" $flags -c "$block" -o "$tmp/object" >"$tmp/said" 2>&1
        verdict $? "$name compiles"
    fi
done
[ $blocks -ge 4 ]
verdict $? "examples are found in README and manual: only $blocks"

# Commands of README: lines after `$ ` are run, the others are what they print. How long something took, and in which
# unit, is the machine's.
shape() { sed -E 's/[0-9]+(\.[0-9]+)? (ns|us|ms|s)\>/N TIME/g; s/[0-9]+\.[0-9]+|[0-9]{3,}/N/g; s/ +/ /g; s/ $//'; }
awk -v out="$tmp/session" '/^<!-- tried -->$/ { file = out "-" ++n; next }
    file != "" && begun && /^$/ { blank++; next }
    file != "" && /^    / { for (; blank > 0; blank--) print "" > file; print substr($0, 5) > file; begun = 1; next }
    file != "" && begun { file = ""; begun = blank = 0 }' "$source/README.md"
mkdir "$tmp/tree"
ln -s "$build" "$tmp/tree/build"
sessions=0
for session in "$tmp"/session-*; do
    [ -e "$session" ] || continue
    sessions=$((sessions + 1))
    (
        cd "$tmp/tree" || exit 1
        while IFS= read -r line; do
            case $line in
            '$ ninja -C build') echo "$line" ;; # that is how we came here
            '$ '*)
                echo "$line"
                sh -c "${line#\$ }" 2>&1 </dev/null
                ;;
            esac
        done <"$session"
    ) >"$tmp/printed"
    diff <(shape <"$session") <(shape <"$tmp/printed") >"$tmp/said"
    verdict $? "session $sessions of README prints what is shown"
done
[ $sessions -ge 1 ]
verdict $? 'README has no session to try'
: >"$tmp/said"

# Paths that the maps name: beside the map, in lib or at the top; without an ending, a source or header.
for map in README.md lib/README.md lib/core/README.md sdk/README.md tests/README.md tests/hazards/README.md; do
    while read -r path; do
        [ -n "$(compgen -G "$source/$path*")$(compgen -G "$source/lib/$path*")$(compgen -G "$source/$(dirname "$map")/$path*")" ]
        verdict $? "$map names $path, which is not there"
    done < <(grep -ohE '`[a-z_]+(/[a-z_0-9.]+)+`' "$source/$map" | tr -d '`' | grep -vE '^build/' | sort -u)
done

# Manual pages.
while read -r page; do
    man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>"$tmp/said" >/dev/null && [ ! -s "$tmp/said" ]
    verdict $? "man has nothing to warn of in ${page##*/}"
done < <(find "$source/lib" "$source/sdk" "$source/tools" -name '*.[1-9]')
: >"$tmp/said"

# Public names, in the headers and in the pages of section 3: the same.
manual=$tmp/manual
cat "$source"/sdk/*.3 >"$manual"
headers=$(find "$source/sdk" -name '*.h' ! -path '*/examples/*')
options=$(sed -n 's/^OPTION(\([A-Z_]*\),.*/\1/p' "$source/lib/runtime/setting/option.def")
{
    # shellcheck disable=SC2086
    {
        grep -ohE '\bSWR_[A-Z0-9_]*[A-Z0-9]\b' $headers
        sed -nE 's/^static inline .*[ *](swrcache_[a-z_]*[a-z])\(.*/\1/p' $headers
        sed -nE '/^struct swrcache_(policy|info) /,/^};/{s:/\*.*::;s/.*[ *(]([a-z_]+)\)?(\([^)]*\))?;.*/\1/p}' $headers
    }
    echo "$options"
} | sort -u >"$tmp/names"
while read -r name; do
    grep -qE "(^|[^A-Za-z0-9_])$name([^A-Za-z0-9_]|\$)" "$manual"
    verdict $? "no page of section 3 says anything of $name"
done <"$tmp/names"
{
    grep -ohE '\bSWR_[A-Z0-9_]*[A-Z0-9]\b' "$manual"
    sed -nE 's/^\.Fn (swrcache_[a-z_]+).*/\1/p' "$manual"
} | sort -u | while read -r name; do
    grep -qxF "$name" "$tmp/names" || echo "$name"
done >"$tmp/said"
[ ! -s "$tmp/said" ]
verdict $? 'a page of section 3 speaks of what no header has'
: >"$tmp/said"

# Commands of the socket, in its manual page.
while read -r verb; do
    grep -qE "^\.It Ic $verb( |\$)" "$source/lib/control/swrcache-control.7"
    verdict $? "swrcache-control(7) says nothing of the command $verb"
done < <(sed -n 's/^COMMAND(\([a-z]*\),.*/\1/p' "$source/lib/control/command.def")

echo "$tried tried"
exit $failed
