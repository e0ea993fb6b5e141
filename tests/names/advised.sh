#!/bin/bash
# swrctl advise on the functions of the names preset. Run inside.sh.
# usage: advised.sh SWRCTL
set -u
swrctl=$(readlink -f "$1")
cd "$SWR_TEST_FILES" || exit 1
export SWR_CONTROL=0 SWRSLOW_LOG=$PWD/log SWRSLOW_MS=2 LC_ALL=C
failed=0

contains() { # what, wanted, found
    if [[ $3 == *"$2"* ]]; then
        echo "ok: $1"
    else
        echo "FAILED: $1: wanted '$2' in: $3"
        failed=1
    fi
}

: >log
said=$("$swrctl" advise --preset names -- python3 -c '
import pwd, grp, socket
for i in range(40): print(pwd.getpwuid(20000 + i % 10).pw_name, grp.getgrgid(20010 + i % 5).gr_name)
for i in range(6): socket.getaddrinfo("h1.slow", 80 + i % 2)
# The file is another one now: the same question has another answer.
before = pwd.getpwuid(0).pw_gecos
text = open("passwd").read()
open("/etc/passwd", "w").write(text.replace("root:x:0:0:" + before, "root:x:0:0:" + before + " the second", 1))
assert pwd.getpwuid(0).pw_gecos == before + " the second"' 2>&1)
contains 'the program and its output' 'slow20009 group20014' "$said"
contains 'users' 'getpwuid: 42 calls of 11 keys, ' "$said"
contains 'an answer that changed, as the file did' 'the result changed 1 time for an unchanged key, each time taken back by the program' "$said"
contains 'groups' 'getgrgid: 40 calls of 5 keys, ' "$said"
contains 'their hits' '  1m          87.5 %' "$said"
contains 'their line' "--preset names with SWR_SETTINGS='getgrgid ttl=1m'" "$said"
contains 'hosts' 'getaddrinfo: 6 calls of 2 keys, ' "$said"
contains 'uncached' '92 questions' "$(grep -c . log) questions"

# And with that line its lifetime is in force.
said=$(SWR_SETTINGS='getgrgid ttl=1m' SWR_CONTROL=1 SWR_SOCKET_DIR=$PWD/sockets sh -c 'mkdir -m 700 sockets; exec "$0" "$@"' \
    "$swrctl" run --preset names -- python3 -c '
import grp, os, subprocess, sys, time
end = time.monotonic() + 200
there = f"sockets/{os.getpid()}.sock"
while grp.getgrgid(20010) and not os.path.exists(there) and time.monotonic() < end: time.sleep(0.05)
plain = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
print(subprocess.run([sys.argv[1], "-p", str(os.getpid()), "--json", "functions", "-v"], env=plain, stdout=-1, text=True).stdout)' "$swrctl" 2>&1)
contains 'the line in force' '"ttl_ms":60000,"ttl_from":"environment"' "$(grep getgrgid <<<"$said")"
exit $failed
