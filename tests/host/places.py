"""Where the control socket stands when it may not stand where it should, and that it comes back when it is swept away."""

import contextlib
import os
import shutil
import time

from started import Started
from harness import Client, Directory, await_that, check, finish, swrctl

root = os.getuid() == 0
NOBODY = 65533  # and nobody else's tests


def told(path):
    with contextlib.suppress(FileNotFoundError), open(path) as file:
        return file.read()
    return ""


def answers(path):
    """Whoever finds it is answered."""
    with contextlib.suppress(OSError):
        client = Client(path)
        answer = client.ask("ping")
        client.close()
        return answer[-1] == "ok"
    return False


def second_choice():
    """A directory that cannot be ours leads to the next, which is told, and swrctl looks there too."""
    user = NOBODY if root else os.getuid()
    default = f"/tmp/swrcache-{user}"
    kept = os.path.exists(default)
    does = (f"user={user}",) if root else ()
    with Directory() as directory:
        os.mkdir(f"{directory}/closed", 0o700 if root else 0o500)
        os.mkdir(f"{directory}/logs")
        os.chmod(directory, 0o755)
        os.chmod(f"{directory}/logs", 0o777)
        log = f"{directory}/logs/log"
        for variables in ({"XDG_RUNTIME_DIR": f"{directory}/closed"}, {"XDG_RUNTIME_DIR": f"{directory}/missing"},
                          {"SWR_SOCKET_DIR": f"{directory}/closed/sockets"}):
            passed = variables.get("SWR_SOCKET_DIR", variables.get("XDG_RUNTIME_DIR", "") + "/swrcache")
            with Started(does=does, SWR_LOG=log, **variables) as host:
                check(host.settled())
                path = f"{default}/{host.pid}.sock"
                check(await_that(lambda: answers(path)), path)
                check(await_that(lambda: told(log).endswith("\n")))
                check(f"the control socket is in {default}, not in {passed}: " in told(log), told(log))
                found = swrctl("ps", "--json")
                check(host.pid in [p["pid"] for p in found.records], found)
            check(not os.path.exists(path))
            os.unlink(log)
        if root:
            # What was chosen and is another's; as root one's own default directory is the first choice, and none other's.
            os.mkdir(f"{directory}/mine", 0o700)
            with Started(does=does, SWR_LOG=log, SWR_SOCKET_DIR=f"{directory}/mine") as host:
                check(host.settled())
                check(await_that(lambda: answers(f"{default}/{host.pid}.sock")))
                found = swrctl("-p", str(host.pid), "functions", directory=f"{directory}/mine")
                check(found.status == 0 and "counted" in found.out, found)
                check(f"not in {directory}/mine: it belongs to another user" in told(log), told(log))
            check(os.listdir(f"{directory}/mine") == [])
            os.unlink(log)
        # What was chosen and is a mistake stays one.
        with Started(SWR_LOG=log, SWR_SOCKET_DIR="relative") as host:
            check(host.until(lambda: told(log).endswith("\n")))
            check("no control socket in SWR_SOCKET_DIR" in told(log), told(log))
    if not kept:
        with contextlib.suppress(OSError):
            os.rmdir(default)


def swept_away():
    """By who tidies up: the file, its directory, another in its place. The process is found again."""
    with Directory() as base:
        directory = f"{base}/sockets"
        with Started(SWR_SOCKET_DIR=directory) as host:
            check(host.settled())
            path = f"{directory}/{host.pid}.sock"

            def there():
                host.call(int(time.monotonic() * 1e6) % 2000000)  # it is not idle
                return answers(path)

            def file():
                os.unlink(path)

            def folder():
                shutil.rmtree(directory)

            def another():
                os.unlink(path)
                with open(path, "w") as other:
                    other.write("precious")

            check(await_that(there), path)
            for sweep in file, folder:
                sweep()
                check(await_that(there), sweep.__name__)
                check(os.listdir(directory) == [f"{host.pid}.sock"], os.listdir(directory))
                check(os.stat(directory).st_mode & 0o7777 == 0o700)
            # Whatever else was put there is not ours to remove.
            another()
            check(host.call(1) is not None)
            with open(path) as other:
                check(other.read() == "precious")
            os.unlink(path)
            check(await_that(there), "when that is gone")
        check(os.listdir(directory) == [], "the one that was made last goes with the program")


second_choice()
swept_away()
finish()
