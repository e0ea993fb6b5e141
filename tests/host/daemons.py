"""A daemon as it is installed, on the loopback interface, under `swrctl run`: what holds for each of them."""

import base64
import contextlib
import http.client
import os
import pwd
import random
import shutil
import socket
import subprocess
import sys

from started import SWRCTL, kill
from harness import Directory, await_that, check, swrctl

WORKER = "nobody"
root = os.getuid() == 0
PEOPLE = ["ada", "bob"]
PASSWORD = "the same for both"


class Daemon:
    """Two people with one password, whose hashes differ by their salts, may see a page."""

    def __init__(self, directory, command, configuration, run, **environment):
        self.directory = directory
        os.chmod(directory, 0o755)
        for name in "sockets", "log", "page":
            os.makedirs(f"{directory}/{name}", exist_ok=True)
            os.chmod(f"{directory}/{name}", 0o700 if name == "sockets" else 0o755)
            if root and name != "page":
                os.chown(f"{directory}/{name}", pwd.getpwnam(WORKER).pw_uid, -1)
        self.sockets = f"{directory}/sockets"
        with open(f"{directory}/page/page", "w") as page:
            page.write("seen\n")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        with open(f"{directory}/conf", "w") as file:
            file.write(configuration(directory, self.port))
        with open(f"{directory}/said", "w") as said:
            # In a group of its own: apache ends the group that it is in.
            self.process = subprocess.Popen([SWRCTL, "run", *run, "--", *command], stdin=subprocess.DEVNULL, stdout=said,
                                            stderr=said, start_new_session=True, env={**os.environ, "SWR_SOCKET_DIR": self.sockets,
                                                              "SWR_LOG": f"{directory}/log/swr", **environment})
        check(await_that(lambda: self.ask("ada", "wrong") == 401 or self.process.poll() is not None))
        check(self.process.poll() is None, open(f"{directory}/said").read())

    def ask(self, person, password):
        """The status of one request; None: nobody listens."""
        word = base64.b64encode(f"{person}:{password}".encode()).decode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        with contextlib.suppress(OSError):
            connection.request("GET", "/page", headers={"Authorization": f"Basic {word}", "Connection": "close"})
            return connection.getresponse().status
        return None

    def refused(self, times):
        """How many of so many good requests, by both: in no order that two workers could share out between them."""
        mixed = random.Random(times)
        return sum(self.ask(mixed.choice(PEOPLE), PASSWORD) != 200 for _ in range(times))

    def ctl(self, *arguments):
        return swrctl(*arguments, directory=self.sockets)

    def listed(self):
        """Those that answer: who has only started workers made no cached call, and is listed with that as the reason."""
        return [record for record in self.ctl("ps", "--json").records if "why" not in record]

    def listening(self):
        """Each worker, once it has been asked for a while."""
        def all_there():
            self.refused(4)
            return len(self.listed()) == 2

        return await_that(all_there)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        kill(self.process)


def steered(daemon, name, function, mode):
    """Its workers are found by its name, whatever their titles, and obey."""
    check(daemon.listening(), daemon.ctl("ps"))
    listed = daemon.listed()
    check({p["program"] for p in listed} == {name} and len(listed) == 2, listed)
    if root:
        check({p["user"] for p in listed} == {WORKER}, listed)
    found = daemon.ctl("-p", name, "functions", "-v", "--json").records
    mine = [f for f in found if f["name"] == function]
    check(len(mine) == 2, found)
    for f in mine:
        check((f["mode"], f["mode_from"], f["ttl_ms"], f["ttl_from"]) == (mode, "environment", 1020000, "environment"), f)
        check(f["calls"] > 0, f)
    for line in daemon.ctl("-p", name, "stats", "--json").records:
        if "SWR_SOCKET_DIR" in line:
            check(line["SWR_SOCKET_DIR"] == daemon.sockets and line["SWR_MODE"] == mode, line)
    return mine


def calls(daemon, name, function, counter):
    return sum(f[counter] for f in daemon.ctl("-p", name, "functions", "--json").records if f["name"] == function)


def holds(name, start, function, right, forgetful):
    """`right` is a rule for what it checks passwords with, `forgetful` one that leaves out of the key what matters."""
    settings = {"SWR_SETTINGS": f"{function} ttl=17m"}
    for mode, rule in (("observe", forgetful), ("shadow", right), ("on", right)):
        with Directory() as directory, start(directory, ["--mode", mode, "--preset", "names", "--wrap", rule], **settings) as daemon:
            check(daemon.refused(60) == 0, mode)
            check(daemon.ask("ada", "wrong") == 401)
            mine = steered(daemon, name, function, mode)
            check(daemon.refused(60) == 0, mode)
            if mode == "observe":
                check(calls(daemon, name, function, "hits") == 0)
            if mode == "shadow":
                check(calls(daemon, name, function, "compared") > 0 and calls(daemon, name, function, "differed") == 0)
            if mode == "on":
                hits, misses = calls(daemon, name, function, "hits"), calls(daemon, name, function, "misses")
                check(hits > 0 and misses < hits, mine)
                done = daemon.ctl("-p", name, "invalidate", function)
                check(done.status == 0 and "invalidated" in done.out, done)
                check(daemon.refused(20) == 0)
                check(calls(daemon, name, function, "misses") > misses)
                check(daemon.ctl("-p", name, "mode", function, "off").status == 0)
                hits = calls(daemon, name, function, "hits")
                check(daemon.refused(20) == 0 and calls(daemon, name, function, "hits") == hits)
    # The forgetful rule is reached, and cached it does harm: that is what observe kept away.
    with Directory() as directory, start(directory, ["--mode", "on", "--wrap", forgetful]) as daemon:
        check(daemon.refused(60) > 0)
    # Switched off by hand it does none.
    with Directory() as directory, start(directory, ["--wrap", forgetful], SWR_ENABLE="off") as daemon:
        check(daemon.refused(60) == 0)


def hashed(salt):
    return subprocess.run(["perl", "-e", "print crypt($ARGV[0], $ARGV[1])", PASSWORD, f"$5$rounds=1000${salt}$"],
                          capture_output=True, text=True, check=True).stdout


def installed(name):
    path = shutil.which(name, path="/usr/local/sbin:/usr/sbin:/sbin:" + os.environ.get("PATH", ""))
    if path is None:
        print(f"{name} is not installed")
        sys.exit(77)
    return path
