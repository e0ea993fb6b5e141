"""What is said to the runtime at the start holds, whatever the program does to its environment, arguments, user or root."""

import contextlib
import os
import re
import shutil
import signal
import tempfile

from started import HOST, SOURCE, Started
from harness import Client, Directory, await_that, check, finish, swrctl

NAME = os.path.basename(HOST)
root = os.getuid() == 0

# How each option is given, and how it is to be found in force: every option of the table is here.
GIVEN = {
    "SWR_ENABLE": ("yes", 1),
    "SWR_MAX_BYTES": ("24M", 24 << 20),
    "SWR_MAX_ENTRIES": ("4321", 4321),
    "SWR_THREADS": ("3", 3),
    "SWR_QUEUE": ("77", 77),
    "SWR_CONTROL": ("on", 1),
    "SWR_SOCKET_DIR": None,  # of each test
    "SWR_CLOCK": ("manual", "manual"),
    "SWR_LOG": None,
    "SWR_SETTINGS": ("counted ttl=17m", "counted ttl=17m"),
    "SWR_FILE_SETTINGS": ("counted ttl=3m stale=19m", "counted ttl=3m stale=19m"),
    "SWR_MODE": ("observe", "observe"),
    "SWR_ONLY": (f"other,{NAME}", f"other,{NAME}"),
    "SWR_NAMES_TTL": ("11s", "11s"),
    "SWR_NAMES_STALE": ("12s", "12s"),
    "SWR_NAMES_STALE_IF_ERROR": ("13s", "13s"),
    "SWR_OBSERVE": None,
}


def table():
    """The names of lib/runtime/setting/option.def."""
    with open(f"{SOURCE}/lib/runtime/setting/option.def") as file:
        return re.findall(r"^OPTION\((\w+),", file.read(), re.MULTILINE)


def every_option(does, directory, **more):
    """All at once, and each found in force; `directory` is what the host has, and the test sees."""
    inside, outside = directory
    places = {"SWR_SOCKET_DIR": f"{inside}/sockets", "SWR_LOG": f"{inside}/log", "SWR_OBSERVE": f"{inside}/observed"}
    given = {name: places[name] if pair is None else pair[0] for name, pair in GIVEN.items()}
    # A long one does not fit in where the short ones are kept.
    given["SWR_SETTINGS"] += "; other ttl=1s" * more.pop("longer", 0)
    with Started(does=does, SWR_THRADS="4", **given, **more) as host:
        check(host.call(7) != host.call(7), "mode observe computes each call")
        # With the clock by hand no time passes: what is not SWR_CONTROL's comes later than 250 ms.
        check(host.threads() == [NAME], host.threads())
    with Started(does=does, SWR_THRADS="4", **{**given, "SWR_CLOCK": ""}, **more) as host:
        check(host.settled())
        path = f"{outside}/sockets/{host.pid}.sock"
        if not check(await_that(lambda: os.path.exists(path)), path):
            return
        client = Client(path)
        stats, *complaints = client.ask("stats")[:-1]
        fields = dict(pair.split("=", 1) for pair in stats.split(" "))
        for name in table():
            found = fields.get(name, "").replace("\\s", " ")
            wanted = given[name] if GIVEN[name] is None or isinstance(GIVEN[name][1], str) else str(GIVEN[name][1])
            if name != "SWR_CLOCK":
                check(found == wanted, f"{does}: {name}={found!r}, given {wanted[:80]!r}")
        check(fields["program"] == NAME, fields["program"])
        told = " ".join(complaints).replace("\\s", " ")
        check("SWR_THRADS: no such variable; did you mean SWR_THREADS?" in told, told)
        settings = " ".join(client.ask("functions"))
        check("ttl_ms=1020000" in settings and "stale_ms=1140000" in settings and "mode=observe" in settings, settings)
        client.close()
    with open(f"{outside}/log") as log:
        check("SWR_THRADS" in log.read())
    observed = os.listdir(f"{outside}/observed")
    check(len(observed) == 2, observed)
    for file in observed:
        with open(f"{outside}/observed/{file}", "rb") as noted:
            check(noted.read(72)[8:].startswith(NAME.encode() + b"\0"), "its name, as it was at the start")


def options():
    check(set(table()) == set(GIVEN), set(table()) ^ set(GIVEN))
    for does in (), ("clear",), ("title",), ("title", "clear"):
        with Directory() as directory:
            os.mkdir(f"{directory}/observed")
            every_option(does, (directory, directory))
    with Directory() as directory:
        os.mkdir(f"{directory}/observed")
        every_option(("title", "clear"), (directory, directory), longer=500)
    if root:
        with Directory() as directory:
            os.mkdir(f"{directory}/observed")
            for path in (directory, f"{directory}/observed"):
                os.chown(path, 65534, 65534)
            every_option(("title", "clear", "user=65534"), (directory, directory))
        with Directory() as directory:
            os.mkdir(f"{directory}/observed")
            every_option(("title", "clear", f"root={directory}"), ("", directory))


def switches():
    """Off is off, however it is written, also by who cannot write it; nothing is left of it when it is told too late."""
    with Directory() as directory:
        for does in (), ("title", "clear"):
            for word in "0", "off", "no", "false", "OFF", "False", "", "of", "2", "disabled":
                with Started(does=does, SWR_ENABLE=word, SWR_SOCKET_DIR=directory) as host:
                    check(not host.cached(), f"SWR_ENABLE={word}")
                with Started(does=does, SWR_CONTROL=word, SWR_SOCKET_DIR=directory, SWR_LOG=f"{directory}/log") as host:
                    check(host.cached())
                    check("swr-control" not in host.threads(), f"SWR_CONTROL={word}")
            for word in "1", "on", "yes", "true", "ON":
                with Started(does=does, SWR_ENABLE=word, SWR_SOCKET_DIR=directory) as host:
                    check(host.cached(), f"SWR_ENABLE={word}")
            for word, cached in {"off": False, "on": True, "OFF": False, "no": False, "0": False, "yes": True}.items():
                with Started(does=does, SWR_MODE=word, SWR_CONTROL="0") as host:
                    check(host.cached() == cached, f"SWR_MODE={word}")
        with Started(SWR_ENABLE="fales", SWR_LOG=f"{directory}/told", SWR_CONTROL="nope") as host:
            host.call(1)
            with open(f"{directory}/told") as told:
                text = told.read()
            check("SWR_ENABLE=fales: not on, yes, true, 1 or off, no, false, 0; switched off" in text, text)
            check("SWR_CONTROL=nope" in text, text)


def names():
    """Who is meant by name is meant by the name it was called by, whatever it calls itself by now."""
    with Directory() as directory:
        for does in (), ("title", "clear"):
            for run, rule, cached in ((("--only", NAME), "", True), (("--only", "other"), "", False),
                                      ((), f"from={NAME}", True), ((), "from=titled*", False)):
                with Started(does=does, run=run, rule=f"i32 counted(i32) ttl=1h {rule}", SWR_CONTROL="0") as host:
                    check(host.cached() == cached, (does, run, rule))
            with Started(does=does, SWR_SOCKET_DIR=directory) as host:
                check(host.settled())
                check(await_that(lambda: swrctl("ps", "--json", directory=directory).records != []))
                listed = swrctl("ps", "--json", directory=directory).records
                check([(p["pid"], p["program"]) for p in listed] == [(host.pid, NAME)], listed)
                found = swrctl("-p", NAME, "functions", "--json", directory=directory)
                check([f["name"] for f in found.records] == ["counted"], found)
                before = host.call(7)
                found = swrctl("-p", NAME, "invalidate", "counted(7)", directory=directory)
                check(found.status == 0 and "1 entry invalidated" in found.out, found)
                check(host.call(7) != before)


def logs():
    """A log that lies in wait: another's link is not followed, nobody waits for a FIFO, no signal reaches the program."""
    wrong = {"SWR_THRADS": "3", "SWR_CONTROL": "0"}
    with Directory() as directory:
        log, precious = f"{directory}/log", f"{directory}/precious"
        with open(precious, "w"):
            pass
        os.symlink(precious, log)
        if root:
            os.lchown(log, 65534, 65534)
            with Started(SWR_LOG=log, **wrong) as host:
                check(host.cached())
            check(os.path.getsize(precious) == 0, "through another's link nothing is written")
            os.lchown(log, 0, 0)
        with Started(SWR_LOG=log, **wrong) as host:
            check(host.cached())
        check(os.path.getsize(precious) > 0, "one's own link is followed, as /dev/stderr is")
        os.unlink(log)
        os.mkfifo(log)
        with Started(SWR_LOG=log, **wrong) as host:
            check(host.cached(), "nobody reads there")
        os.unlink(log)
        # A file that may not grow raises a signal that ends programs.
        with Started(SWR_LOG=log, under=("sh", "-c", 'ulimit -f 0; exec "$@"', "sh"), **wrong) as host:
            check(host.cached())
        check(os.path.getsize(log) == 0)


signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # python ignores it, and what it starts would too
options()
switches()
names()
logs()
finish()
