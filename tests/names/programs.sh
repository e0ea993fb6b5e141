#!/bin/bash
# Unmodified programs with a slow directory behind them, plain and with the preset: the same output and exit
# status, and every name asked for once. Run inside.sh; programs that are not installed are passed over.
# usage: programs.sh LD_PRELOAD-VALUE [MILLISECONDS-A-QUESTION [ROUNDS]]
# With more than 5 ms also those that take long to set up: PostgreSQL.
set -u
preload=$1
ms=${2-5}
rounds=${3-20}
here=$(dirname "$(readlink -f "$0")")
work=$SWR_TEST_FILES/programs
mkdir -p "$work/tree" && cd "$work" || exit 1
# Nothing ages while it is measured.
export LC_ALL=C SWR_CONTROL=0 SWR_NAMES_TTL=1h SWRSLOW_LOG=$work/log
good=0 bad=0 skipped=0

# The module reads this in the process it is loaded into: what prepares a test is not slowed down.
slow() {
    : >"$SWRSLOW_LOG"
    SWRSLOW_MS=$ms "$@"
}

now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }

compare() { # name, command...
    local name=$1 start plain cached plain_status cached_status asked distinct again
    shift
    if ! command -v "$1" >/dev/null; then
        printf '%-44s not installed\n' "$name"
        skipped=$((skipped + 1))
        return
    fi
    start=$(now_ms)
    slow "$@" >plain.out 2>plain.err </dev/null
    plain_status=$?
    plain=$(($(now_ms) - start))
    asked=$(wc -l <"$SWRSLOW_LOG")
    distinct=$(sort -u "$SWRSLOW_LOG" | wc -l)
    start=$(now_ms)
    LD_PRELOAD=$preload slow "$@" >cached.out 2>cached.err </dev/null
    cached_status=$?
    cached=$(($(now_ms) - start))
    again=$(wc -l <"$SWRSLOW_LOG")
    if [ "$plain_status" -eq "$cached_status" ] && cmp -s plain.out cached.out && cmp -s plain.err cached.err &&
        [ "$again" -eq "$distinct" ] && [ "$asked" -gt "$distinct" ]; then
        good=$((good + 1))
    else
        bad=$((bad + 1))
        echo "FAILED: $name: status $plain_status and $cached_status, $again questions for $distinct keys"
        diff plain.out cached.out | head -n 5
        diff plain.err cached.err | head -n 5
    fi
    printf '%-44s %6d -> %5d ms, %4d -> %3d questions, %3d.%d times\n' "$name" "$plain" "$cached" "$asked" \
        "$again" $((plain / (cached > 0 ? cached : 1))) $((plain * 10 / (cached > 0 ? cached : 1) % 10))
}

files() {
    local i
    for ((i = 0; i < 10 * rounds; i++)); do
        : >"tree/$i" && chown $((20000 + i % 10)):$((20010 + i % 5)) "tree/$i" || return 1
    done
    chown 20000:20010 tree
}

if files 2>/dev/null; then
    compare "find -printf '%u %g'" find tree -type f -printf '%u %g %p\n'
    compare 'find -nouser' find tree -nouser
    compare 'tar -c' tar -c --sort=name tree
    compare 'getfacl -R' getfacl -R tree
    # shellcheck disable=SC2016
    compare 'python3 tarfile' python3 -c '
import tarfile, sys
with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as archive: archive.add("tree")'
    compare 'python3 pathlib owner, group' python3 -c '
import pathlib
for p in sorted(pathlib.Path("tree").iterdir()): print(p, p.owner(), p.group())'
    compare 'stat -c %U, one process' stat -c '%U %G %n' tree/*
else
    echo 'owners cannot be set here: find, tar, getfacl and tarfile passed over'
    skipped=$((skipped + 7))
fi

compare 'perl getpwuid, getgrgid' perl -e '
for (1 .. '"$rounds"') { for my $n (20000 .. 20004, 99999) {
    print join(":", map { $_ // "" } getpwuid($n)), " ", join(":", map { $_ // "" } getgrgid($n)), "\n" } }'
compare 'ruby Etc' ruby -retc -e '
'"$rounds"'.times { p Etc.getpwnam("slow20001"), Etc.getgrgid(20003) }'
compare 'python3 socket.getaddrinfo' python3 -c '
import socket
for i in range('"$rounds"'):
    for host in "h1.slow", "many.slow", "filed.test", "nosuch.slow":
        try: print(socket.getaddrinfo(host, 80))
        except OSError as e: print(host, e)
    print(socket.getnameinfo(("10.9.8.5", 80), 0), socket.gethostbyaddr("10.9.8.6"))'
compare 'php gethostbyname' php -r '
for ($i = 0; $i < '"$rounds"'; $i++) { echo gethostbyname("h1.slow"), gethostbyaddr("10.9.8.7"), "\n"; }'

ip address add 10.9.8.0/24 dev lo 2>/dev/null
ip address add 10.9.8.1/32 dev lo 2>/dev/null
ip address add 10.9.8.2/32 dev lo 2>/dev/null
coproc SERVER { exec python3 "$here/server.py"; }
trap 'kill "$SERVER_PID" 2>/dev/null' EXIT
if read -r -t 100 line <&"${SERVER[0]}" && [ "$line" = ready ]; then
    compare 'python3 urllib' python3 -c '
import urllib.request
for i in range('"$rounds"'): print(urllib.request.urlopen(f"http://h1.slow:8080/{i}").read())'
    compare 'perl HTTP::Tiny' perl -MHTTP::Tiny -e '
print HTTP::Tiny->new->get("http://h1.slow:8080/$_")->{content} for 1 .. '"$rounds"
    compare 'php file_get_contents' php -r '
for ($i = 0; $i < '"$rounds"'; $i++) echo file_get_contents("http://h1.slow:8080/$i");'
    compare 'ruby Net::HTTP' ruby -rnet/http -e '
'"$rounds"'.times { |i| puts Net::HTTP.get("h1.slow", "/#{i}", 8080) }'
    # shellcheck disable=SC2016
    compare 'node, one after another' node -e '
const http = require("http");
const ask = i => i < '"$rounds"' && http.get({host: "h1.slow", family: 4, port: 8080, path: "/" + i, agent: false},
    r => { r.on("data", d => process.stdout.write(d)); r.on("end", () => ask(i + 1)) });
ask(0);'
    # shellcheck disable=SC2016
    compare 'node, all at once' node -e '
const http = require("http"), got = [];
for (let i = 0; i < 2 * '"$rounds"'; i++)
    http.get({host: i % 2 ? "h1.slow" : "h2.slow", family: 4, port: 8080, path: "/" + i, agent: false}, r => {
        let text = ""; r.on("data", d => text += d);
        r.on("end", () => { got[i] = text; if (Object.keys(got).length == 2 * '"$rounds"') console.log(got.join("")) }) });'
else
    echo 'no server here: urllib, HTTP::Tiny, file_get_contents, Net::HTTP and node passed over'
    skipped=$((skipped + 6))
fi

# A real PostgreSQL, a connection a transaction.
postgres() {
    local bin
    for bin in /usr/lib/postgresql/*/bin; do :; done
    if [ ! -x "$bin/initdb" ] || ! id postgres >/dev/null 2>&1 || [ "$(id -u)" -ne 0 ]; then
        echo 'pgbench -C: no PostgreSQL, or not root'
        skipped=$((skipped + 1))
        return
    fi
    local as=(setpriv --reuid postgres --regid postgres --clear-groups env -i "PATH=$PATH" LC_ALL=C)
    mkdir pg && chown postgres pg && chmod 755 "$SWR_TEST_FILES" "$work"
    "${as[@]}" "$bin/initdb" -D pg/data -A trust -N >pg.log 2>&1 &&
        echo 'host all all 10.9.8.0/24 trust' >>pg/data/pg_hba.conf &&
        "${as[@]}" "$bin/pg_ctl" -w -D pg/data -l pg/log \
            -o "-c listen_addresses=10.9.8.2 -c unix_socket_directories= -c fsync=off" start >>pg.log 2>&1 &&
        pgbench -h 10.9.8.2 -U postgres -i -q postgres >>pg.log 2>&1 || { tail -n 5 pg.log; bad=$((bad + 1)); return; }
    compare 'pgbench -C' sh -c "pgbench -h h2.slow -U postgres -C -n -S -t $rounds postgres | grep -v -E 'latency|tps|time'"
    "${as[@]}" "$bin/pg_ctl" -w -D pg/data -m immediate stop >>pg.log 2>&1
}
if [ "$ms" -gt 5 ]; then
    postgres
fi

echo "$good the same, $bad not, $skipped passed over"
[ "$bad" -eq 0 ] && [ "$good" -gt 0 ]
