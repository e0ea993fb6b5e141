"""swrctl against processes that mean it ill: nothing they say is obeyed by a terminal, pasted unseen, or read for ever."""

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

from harness import DONE, FAILED, LIBRARY, NO_PROCESS, SWRCTL, Directory, Live, await_that, check, finish, steering

# Each way to a terminal's ear: C0, DEL, C1 as one byte and as UTF-8, what turns text round, what is no text.
DIRTY = [b"\x1b[2Jx", b"a\x07b", b"a\x7fb", b"a\x9b31mb", "a\u009b31mb".encode(), "a\u0085b".encode(),
         "a\u202eb".encode(), "a\u2066b".encode(), "a\u2028b".encode(), b"a\xff\xfeb", b"a\xc3", b"a\xe0\x80\x9bb",
         b"a\xed\xa0\x80b", b"a\xf8\x88\x80\x80\x80b", b"a\nb\rc", "a\U000e0041b".encode(), "\u00fc\u4e2d".encode()]
OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\U000e0000-\U000e007f]")


def wire(value):
    """A value as the protocol has it, and nothing but the needful escaped."""
    return value.replace(b"\\", b"\\\\").replace(b" ", b"\\s").replace(b"\n", b"\\n")


class Hostile:
    """A server of this process's own: `answer` makes a reply of a request and its number."""

    def __init__(self, directory, answer, pid=None):
        self.path, self.answer, self.asked = f"{directory}/{pid or os.getpid()}.sock", answer, []
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(self.path)
        self.socket.listen(16)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            with client:
                try:
                    client.settimeout(60)
                    request = b""
                    while not request.endswith(b"\n"):
                        more = client.recv(65536)
                        if not more:
                            break
                        request += more
                    if request:
                        self.asked.append(request)
                        for part in self.answer(request, len(self.asked)):
                            client.sendall(part)
                except OSError:
                    pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        os.unlink(self.path)


def raw(directory, *arguments, out=None, **environment):
    return subprocess.run([SWRCTL, *arguments], stdin=subprocess.DEVNULL, stdout=out or subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=300,
                          env={**os.environ, "SWR_SOCKET_DIR": directory, "LC_ALL": "C.UTF-8", **environment})


def clean(done, what):
    """Lines of UTF-8 that no terminal obeys."""
    for stream in (done.stdout, done.stderr):
        try:
            found = OBEYED.search(stream.decode())
        except UnicodeDecodeError as error:
            found = error
        check(found is None, f"{what}: {found} in {stream[:300]!r}")


COMMANDS = [["ps"], ["functions"], ["functions", "-v"], ["inspect"], ["inspect", "f"], ["inspect", "--tree"], ["dump"],
            ["regions"], ["tags"], ["explain", "f(1)"], ["invalidate", "f"], ["expire", "f"], ["refresh", "f"],
            ["emit", "e"], ["set", "f", "ttl=1s"], ["mode", "f", "off"], ["observe"], ["stats"], ["inflight"], ["audit"]]
FIELDS = (b"program name function key value region tag tags mode mode_from mode_then state kind verb target by caller "
          b"file why nearest differs stored asked complaint version user setting before after").split()

# All that is printed goes through terminal/text.c; the help of main.c says nothing foreign.
SOURCE = sys.argv[4]
for folder, _, names in os.walk(f"{SOURCE}/tools/swrctl"):
    for name in names:
        path = os.path.join(folder, name)
        if name.endswith(".c") and name not in ("text.c", "main.c"):
            with open(path) as file:
                found = re.findall(r"(?<!\w)(?:printf|perror|fprintf)\((?!to,).*", file.read())
            check(found == [], f"{path}: {found}")

with Directory() as directory:
    run, records = steering(directory)
    for dirty in DIRTY:
        said = wire(dirty)
        record = b" ".join(b"%s=%s" % (field, said) for field in FIELDS) + b" calls=3 percent=7 mode_left_ms=1 "
        odd_name = said.replace(b"=", b"")
        replies = {"error": [b"error " + dirty.replace(b"\n", b" ") + b"\n"],
                   "records": [record + odd_name + b"=1\n", record + b"\n", b"ok matched=2 functions=2\n"],
                   "nothing": [b"ok matched=0 why=%s left_out=%s left_out_why=%s\n" % (said, said, said)],
                   "malformed": [b"%s %s\n" % (odd_name, odd_name), b"ok\n"]}
        for kind, reply in replies.items():
            with Hostile(directory, lambda request, n: reply):
                for command in COMMANDS:
                    what = f"{command} told {kind} {dirty}"
                    clean(raw(directory, *command), what)
                    done = raw(directory, "--json", *command)
                    clean(done, what)
                    lines = [json.loads(line) for line in done.stdout.splitlines()]
                    if kind == "records" and command == ["tags"]:
                        try:
                            wanted = dirty.decode()
                        except UnicodeDecodeError:
                            continue
                        check([line["value"] for line in lines] == [wanted, wanted], lines)

    # A locale of single bytes has terminals that obey those from 80 to 9f, also within a character.
    with Hostile(directory, lambda request, n: ["tag=\u00db\n".encode(), b"ok\n"]):
        if "ISO-8859-1" in subprocess.run(["locale", "-m"], stdout=subprocess.PIPE, text=True).stdout:
            with tempfile.TemporaryDirectory() as made:
                if subprocess.run(["localedef", "-i", "en_US", "-f", "ISO-8859-1", f"{made}/latin"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode <= 1:
                    for arguments in (("tags",), ("--json", "tags")):
                        done = raw(directory, *arguments, LOCPATH=made, LC_ALL="latin")
                        check(all(byte < 0x80 for byte in done.stdout) and done.returncode == DONE, done)

    # Moments of another day say which; those of today do not.
    for at, day in ((86400 * 2, "1970-01-0"), (int(time.time()), None)):
        with Hostile(directory, lambda request, n: [b"at=%d verb=expire\n" % at, b"ok\n"]):
            shown = raw(directory, "audit").stdout.decode().splitlines()[-1]
            check(shown.startswith(day) if day else re.match(r"\d\d:\d\d:\d\d ", shown) or "00:00" in shown, shown)

    # What a process calls itself.
    for dirty in DIRTY:
        renamed = ("env", f"LD_PRELOAD={LIBRARY}", "bash", "-c", 'exec -a "$0" "$1"', os.fsdecode(dirty))
        with Live(directory, through=renamed), Live(directory):
            for arguments in (["stats"], ["ps"], ["-a", "stats"], ["-a", "invalidate", "nowhere"], ["--json", "ps"]):
                clean(raw(directory, *arguments), f"{arguments} of a program {dirty}")

    # What is offered for pasting does what it shows: the name arrives as it is, and nothing else happens.
    for name in DIRTY + [b"x;touch pasted", b"$(touch pasted)", b"`touch pasted`", b"a'b", b"a'$(touch pasted)'", b"-rf",
                         b"a\\b", b"*", b"~", b"a b", b"a&&touch pasted", b"!x", b"x\n touch pasted"]:
        observed = (b"name=%s calls=1000 keys=1 ns=9000000000 mode=observe hits_1s=999 hits_10s=999 hits_60s=999 "
                    b"saved_ns_1s=8000000000 saved_ns_10s=8000000000 saved_ns_60s=8000000000\n" % wire(name))
        with Hostile(directory, lambda request, n: [observed, b"ok\n"]), tempfile.TemporaryDirectory() as place:
            done = raw(directory, "observe")
            clean(done, f"observe of {name}")
            line = [line for line in done.stdout.splitlines() if b"ttl=1m" in line]
            if not check(len(line) == 1, done):
                continue
            script = b"swrctl() { printf '%s\\0' \"$@\" >>arguments; }\n" + line[0] + b"\n"
            subprocess.run(["bash", "-c", script], cwd=place, check=False, stderr=subprocess.DEVNULL)
            check(os.listdir(place) == ["arguments"], f"{name}: {line} made {os.listdir(place)}")
            with open(f"{place}/arguments", "rb") as file:
                words = file.read().split(b"\0")
            check(words[:5] == [b"-p", str(os.getpid()).encode(), b"set", name, b"ttl=1m"], f"{line}: {words}")
            check(words[5:10] == [b"-p", str(os.getpid()).encode(), b"mode", name, b"on"], f"{line}: {words}")

    # Replies without an end: told, with status 1.
    def pages(*more):
        return lambda request, n: [b"name=f key=f(1)\n", more[0](n)]

    for answer in (pages(lambda n: b"ok matched=1 next=1 next_skip=1\n"), pages(lambda n: b"ok matched=1 next=0\n"),
                   pages(lambda n: b"ok matched=1 next=%d next_skip=0\n" % n),
                   pages(lambda n: b"ok matched=1 next=1 next_skip=%d\n" % n),
                   pages(lambda n: b"ok matched=1 next=%d\n" % (2 - n % 2))):
        with Hostile(directory, answer) as server:
            for command in (["functions"], ["inspect"], ["regions"], ["tags"], ["observe"], ["--json", "dump"]):
                server.asked.clear()
                done = raw(directory, *command)
                check(done.returncode == FAILED and b"its reply does not" in done.stderr, done)
                check(len(server.asked) <= 70, len(server.asked))
    for reply in ([b"x" * 65536] * 100, [b"a=b\n" * 16384] * 100):
        with Hostile(directory, lambda request, n: reply):
            check(b"too long" in raw(directory, "functions").stderr)
    # Replies that are none.
    for reply, why in (([], b"closed"), ([b"a=1\n"], b"closed"), ([b"a=\\q\nok\n"], b"malformed"), ([b"maybe\nok\n"], b"malformed"),
                       ([b"ok so\nok\n"], b"malformed"), ([b"\0\0\nok matched=\n"], b""),
                       ([b" ".join(b"f%d=1" % n for n in range(5000)) + b"\nok\n"], b"malformed")):
        with Hostile(directory, lambda request, n: reply):
            for command in COMMANDS:
                done = raw(directory, *command)
                check(why in done.stderr and (why == b"" or done.returncode == FAILED), f"{command} told {reply}: {done}")
    # Deep and many: drawn in no time.
    deep = b"".join(b"region=%s functions=1\n" % b".".join([b"a"] * (n + 1)) for n in range(900))
    with Hostile(directory, lambda request, n: [deep, b"ok\n"]):
        check(raw(directory, "regions").returncode == DONE)

    # Another process under somebody's number: nothing is sent to it, nothing shown of it.
    victim = os.getppid()
    with Hostile(directory, lambda request, n: [b"name=mine\n", b"ok matched=1\n"], pid=victim) as server:
        for arguments in (["-p", str(victim), "functions"], ["-p", str(victim), "invalidate", "all"], ["functions"]):
            found = run(NO_PROCESS, *arguments)
            check("is passed over: another process listens there" in found.err and found.out == "", found)
        check("passed over" in run(FAILED, "ps").err and "passed over" in run(NO_PROCESS, "-a", "stats").err)
        with Live(directory) as live:
            check(records("-p", "live", "ps") and run(FAILED, "-a", "stats").out != "")
            check([r["pid"] for r in run(FAILED, "ps", "--json").records] == [live.pid])
        check(server.asked == [], server.asked)

    # Who runs without a socket is told so, by number and by name, in the same words.
    with Live(directory, wait=False, SWR_CONTROL="0") as silent:
        by_number, by_name = run(NO_PROCESS, "-p", str(silent.pid), "stats"), run(NO_PROCESS, "-p", "live", "stats")
        wanted = f"swrctl: live ({silent.pid}) runs with libswrcache, but has no control socket: it has SWR_CONTROL=0\n"
        check(by_number.err == wanted, by_number)
        check(by_number.err in by_name.err, by_name)
        # ps shows it among the others, with the reason, and as one that has nothing to be counted.
        with Live(directory) as heard:
            shown = {record["pid"]: record for record in run(0, "ps", "--json").records}
            check(shown.keys() == {heard.pid, silent.pid} and shown[heard.pid]["functions"] > 0, shown)
            check(shown[silent.pid]["why"] == "it has SWR_CONTROL=0" and shown[silent.pid]["program"] == "live" and
                  "functions" not in shown[silent.pid] and "why" not in shown[heard.pid], shown)
            table = run(0, "ps").out.splitlines()
            check(table[0].split()[-1] == "WHY" and len(table) == 3, table)
            check([line.split()[3:7] for line in table if line.split()[0] == str(silent.pid)] == [["-"] * 4], table)
        check("WHY" in run(0, "ps").out)
    with Live(directory, wait=False, first=()) as idle, Live(f"{directory}/elsewhere", wait=False, SWR_CONTROL="0") as elsewhere:
        def shown():
            return {record["pid"]: record.get("why") for record in run(0, "ps", "--json").records}

        idle.process.stdin.flush()  # once it has become the program
        check(await_that(lambda: idle.pid in shown()))
        check(shown() == {idle.pid: "it made no cached call yet, or could make no socket"}, shown())
        told = run(NO_PROCESS, "-p", str(elsewhere.pid), "stats").err
        check("it has SWR_CONTROL=0" in told, told)
    with Live(directory) as heard:
        check("WHY" not in run(0, "ps").out)
    check("libswrcache is not loaded there" in run(NO_PROCESS, "-p", str(os.getpid()), "stats").err)

    # Output that goes nowhere is a failure, with one line that says so.
    with Live(directory) as live, open("/dev/full", "w") as full:
        for arguments in (*COMMANDS, ["--help"], ["--version"], ["run", "--help"], ["advise", "--help"], ["wrap", "--help"],
                          ["check", "-"]):
            if arguments in (["explain", "f(1)"], ["emit", "e"], ["observe"]) or arguments[1:2] == ["f"]:
                continue  # they print nothing here
            for more in ([], ["--json"]):
                if more and arguments[0].startswith("-") or "--help" in arguments and more:
                    continue
                done = raw(directory, *more, *arguments, out=full)
                if done.stderr == b"" and arguments[0] in ("inflight", "regions", "tags", "audit"):
                    continue
                check(done.returncode == FAILED and done.stderr.count(b"\n") == 1 and b"standard output" in done.stderr,
                      f"{arguments}: {done}")

finish()
