"""Processes in pid namespaces of their own that share a directory of sockets: each is found, by the number it has here."""

import os
import subprocess
import sys

from harness import DONE, FAILED, LIBRARY, LIVE, NO_PROCESS, SWRCTL, Directory, Live, await_that, check, finish, steering

OWN = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
if subprocess.run([*OWN, "true"], stderr=subprocess.DEVNULL).returncode != 0:
    print("skipped: no namespaces here")
    sys.exit(77)


def inside(directory, name):
    """The program as number 1 of a namespace."""
    return Live(directory, wait=False, through=[*OWN, "env", f"LD_PRELOAD={LIBRARY}", "bash", "-c",
                                                'exec -a "$0" "$1"', name])


def child_of(pid):
    """The number here of what unshare started."""
    with open(f"/proc/{pid}/task/{pid}/children") as children:
        return int(children.read())


with Directory() as directory:
    run, records = steering(directory)
    with inside(directory, "first") as first, inside(directory, "second") as second:
        one, two = child_of(first.pid), child_of(second.pid)
        check(await_that(lambda: len([n for n in os.listdir(directory) if n.endswith(".sock")]) == 2), os.listdir(directory))
        names = sorted(os.listdir(directory))
        check("1.sock" in names and all(name.startswith("1") for name in names), names)
        found = {(r["pid"], r["program"]) for r in records("ps")}
        check(found == {(one, "first"), (two, "second")}, found)
        check([r["pid"] for r in records("-p", "second", "stats")][:1] == [two])
        check([r["pid"] for r in records("-p", str(one), "stats")][:1] == [one])
        check(f"{two} (second): " in run(DONE, "-p", "second", "invalidate", "quote").out)
        check(records("-p", "first", "invalidate", "quote", "--dry-run")[0]["matched"] == 2, "the other's are left")
        check(len(records("-a", "functions")) == 20)
        # What they call 1 is not this machine's.
        told = run(NO_PROCESS, "-p", "1", "invalidate", "all")
        check(f"first numbers itself 1 in its own namespace; here it is {one}" in told.err, told)
        check(records("-p", "first", "invalidate", "quote", "--dry-run")[0]["matched"] == 2)
        check(f"runs with libswrcache" not in told.err, told)

        # From within a third one they have no number.
        def beside(*arguments):
            return subprocess.run([*OWN, "env", f"SWR_SOCKET_DIR={directory}", SWRCTL, *arguments], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        found = beside("ps")
        check(found.returncode == DONE and "first" in found.stdout and "second" in found.stdout, found)
        check(beside("-p", "1", "invalidate", "all").returncode == NO_PROCESS)
        found = beside("-p", "second", "expire", "distance")
        check(found.returncode == DONE and "(second): 2 entries expired" in found.stdout, found)
        check(records("-p", "second", "audit")[-1]["by"] == "control", records("-p", "second", "audit"))

        # One that was killed leaves a name, which the next takes.
        os.kill(one, 9)
        first.process.wait()
        with inside(directory, "third") as third:
            three = child_of(third.pid)
            check(await_that(lambda: any(r["pid"] == three for r in records("ps"))), run(DONE, "ps"))
            check({r["program"] for r in records("ps")} == {"second", "third"})
    check(os.listdir(directory) == [], os.listdir(directory))

finish()
