#!/bin/bash
# The differential test built by clang with its sanitizers: what it reads of the preset's answers is checked.
# usage: checked.sh INSIDE DIRECTORY LD_PRELOAD=... SOURCE
set -u
inside=$1 directory=$2 preload=$3 source=$4
if ! command -v clang >/dev/null; then
    echo 'skipped: no clang'
    exit 77
fi
program=$(mktemp) || exit 1
trap 'rm -f "$program"' EXIT
clang -std=gnu11 -D_GNU_SOURCE -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all \
    "$source" -o "$program" || exit 1
# Leaks are looked for too: what the cache holds is none.
"$inside" "$directory" env "$preload" "$program"
