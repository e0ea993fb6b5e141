# shellcheck shell=bash
# scratch.sh - what the scripts beside it begin with: a directory of their own and failures that are counted.
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failures=0

fail() {
    echo "FAILED: $1"
    failures=$((failures + 1))
}
