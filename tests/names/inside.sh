#!/bin/bash
# Runs a command in a mount and network namespace of its own, with users, groups and hosts from files of the
# test and from the slow module: no question leaves the machine, and nothing of the machine is changed.
# usage: inside.sh DIRECTORY-OF-THE-MODULE COMMAND...
# Exit status 77 (skipped) where namespaces are not permitted.
set -u

if [ "${SWRSLOW_INSIDE-}" != yes ]; then
    own=()
    [ "$(id -u)" -eq 0 ] || own=(--user --map-root-user)
    if ! unshare "${own[@]}" --mount --net true 2>/dev/null; then
        echo 'skipped: private namespaces are not permitted here'
        exit 77
    fi
    SWRSLOW_INSIDE=yes exec unshare "${own[@]}" --mount --net "$0" "$@"
fi

module=$(readlink -f "$1")
shift
mount --make-rprivate / 2>/dev/null
files=$(mktemp -d) || exit 1
mount -t tmpfs none "$files" || { echo 'skipped: no mounts here'; exit 77; }
# A directory /etc of its own: its files can be replaced and removed, too.
cp -a /etc "$files/etc" 2>/dev/null
for name in nsswitch.conf hosts resolv.conf passwd group services; do
    rm -f "$files/etc/$name" # what leads elsewhere is not followed
    : >"$files/etc/$name" || exit 1
    ln -s "etc/$name" "$files/$name"
done
# Without one, programs ask for their user's directory: questions that no test counts on.
export HOME=$files
# The interpreter itself, not a script in front of it that asks about users on its way.
PATH=$(dirname "$(python3 -c 'import sys; print(sys.executable)')"):$PATH
printf '%s: files swrslow\n' passwd group hosts >"$files/nsswitch.conf"
printf 'services: files\nprotocols: files\n' >>"$files/nsswitch.conf"
printf '127.0.0.1 localhost loop\n::1 localhost ip6-localhost\n192.0.2.7 filed.test filed\n' >"$files/hosts"
printf 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n' >"$files/resolv.conf"
cat /etc/passwd >"$files/passwd"
cat /etc/group >"$files/group"
echo 'http 80/tcp www
domain 53/tcp
domain 53/udp
ssh 22/tcp
snmp 161/udp' >"$files/services"
mount --bind "$files/etc" /etc || exit 1
ip link set lo up 2>/dev/null
export SWR_TEST_FILES=$files
export LD_LIBRARY_PATH=$module${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
"$@"
