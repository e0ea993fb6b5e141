# shellcheck shell=bash
# scratch.sh - what the scripts beside it begin with, sourced once their paths are absolute: a directory of their
# own, no wrapper but theirs, and checks that count. `here` is the script's own directory.
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
export SWR_CONTROL=0 SWR_WRAP_DIR=$dir/wrap LC_ALL=C
unset LD_PRELOAD
tried=0
failed=0

expect() { # what, wanted, found
    tried=$((tried + 1))
    [ "$2" = "$3" ] && return
    echo "FAILED: $1: wanted '$2', found '$3'"
    failed=1
}
contains() { # what, wanted, found
    tried=$((tried + 1))
    [[ $3 == *"$2"* ]] && return
    echo "FAILED: $1: wanted '$2' in '$3'"
    failed=1
}
