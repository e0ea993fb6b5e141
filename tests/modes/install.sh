#!/bin/bash
# Everything is installed, nothing in the wrong place, and nothing is left by uninstalling it.
# usage: install.sh BUILD SOURCE TOOL...
set -u
here=$(cd "$(dirname "$0")" && pwd)
. "$here/staged.sh"
build=$1 source=$2
shift 2
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
failed=0

expect() { # what, command...
    local what=$1
    shift
    if "$@" >"$tmp/said" 2>&1; then
        echo "ok: $what"
    else
        echo "FAILED: $what"
        sed 's/^/  /' "$tmp/said"
        failed=1
    fi
}

root=$tmp/root
stage "$build" "$root" || exit 1
prefix=$root/usr/local
found() { [ -n "$(find "$prefix/$1" -path "*/$2" 2>/dev/null)" ]; }

while read -r header; do
    expect "header $header" found include "$header"
    expect "header $header is the one of the tree" cmp "$source/sdk/$header" "$prefix/include/$header"
done < <(cd "$source/sdk" && find . -name '*.h' ! -path './examples/*' | sed 's/^\.\///')
for tool; do
    expect "tool $tool" test -x "$prefix/bin/$tool"
    expect "$tool runs" env LD_LIBRARY_PATH="$(dirname "$(find "$root" -name libswrcache.so.0)")" \
        "$prefix/bin/$tool" --help
done
for library in libswrcache.so libswrcache.so.0; do
    expect "$library" found lib "$library"
done
expect 'swrcache.pc' found lib 'pkgconfig/swrcache.pc'
pages=("$source"/lib "$source"/sdk)
for tool; do
    pages+=("$(dirname "$(find "$source/tools" -name "$tool.1")")")
done
while read -r page; do
    expect "manual page $page" found share/man "man${page##*.}/$page"
done < <(find "${pages[@]}" -name '*.[1-9]' -printf '%f\n')

expect 'the flags of swrcache.pc keep the library' \
    sh -c 'case $1 in *--no-as-needed*-lswrcache*) ;; *) echo "$1"; exit 1 ;; esac' - "$(staged_flags "$root" --libs)"
expect 'its version' test "$(staged_flags "$root" --modversion)" = "$(meson introspect --projectinfo "$build" |
    sed -n 's/.*"version": "\([^"]*\)".*/\1/p')"

no_tests() { ! find "$root" -name '*test*' -o -name '*.a' | grep .; }
expect 'no test and no static archive' no_tests

ninja -C "$build" uninstall >"$tmp/uninstall.log" 2>&1 9>&- || { cat "$tmp/uninstall.log"; failed=1; }
nothing_left() { ! find "$root" ! -type d | grep .; }
expect 'nothing is left after uninstalling' nothing_left
exit $failed
