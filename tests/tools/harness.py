"""What the tests of the tools share: a live process to look into, swrctl run upon it, checks that name their line."""

import inspect
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

SWRCTL, LIVE, LIBRARY = sys.argv[1:4]

failures = 0


def check(condition, found=""):
    """Tells and counts what does not hold, and goes on."""
    global failures
    if not condition:
        failures += 1
        frame = inspect.stack()[1]
        print(f"FAILED: {os.path.basename(frame.filename)}:{frame.lineno}: {frame.code_context[0].strip()}")
        if found != "":
            print(f"    found: {found}")
    return condition


def finish():
    print(f"{failures} checks failed")
    sys.exit(failures != 0)


def await_that(condition):
    """Another thread or process does it, soon; without end it would be a failure."""
    until = time.monotonic() + 150
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.005)
    return True


class Directory:
    """A private directory for sockets, removed in the end."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="swrcache-test-")

    def __enter__(self):
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path)


class Live:
    """tests/tools/live.c under the library."""

    def __init__(self, directory, wait=True, prepare=None, first=("all",), popen=None, through=None, **environment):
        """`prepare` is called with the pid before the program runs; None in `environment` unsets. `through`: a
        command that starts the program, in place of the preloaded library."""
        environment = {**os.environ, "LD_PRELOAD": LIBRARY, "SWR_SOCKET_DIR": directory, "SWR_CONTROL": "1",
                       **environment}
        environment = {name: value for name, value in environment.items() if value is not None}
        preload = environment.pop("LD_PRELOAD")
        start = ["sh", "-c", 'read go && LD_PRELOAD="$1" exec "$2"', "sh", preload, LIVE]
        if through is not None:
            start = ["sh", "-c", 'read go && exec "$@"', "sh", *through, LIVE]
        self.process = subprocess.Popen(start, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, **(popen or {}))
        self.pid = self.process.pid
        self.socket = f"{directory}/{self.pid}.sock"
        if prepare is not None:
            prepare(self.pid)
        self.process.stdin.write("go\n")
        for line in first:
            self.do(line)
        if wait:
            self.wait()

    def wait(self):
        """The control thread starts beside the first cached call."""
        check(await_that(lambda: os.path.exists(self.socket)), "no socket")

    def do(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        return int(answer[1]) if answer else None

    def end(self):
        """Its exit status; what it printed beside its answers is in `said`."""
        self.process.stdin.close()
        self.said = self.process.stdout.read() + self.process.stderr.read()
        return self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            check(self.end() == 0)
            check(self.said == "", self.said)


class Client:
    """One connection to a control socket, speaking the protocol itself."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.socket.settimeout(300)
        self.kept = b""

    def send(self, data):
        self.socket.sendall(data)

    def line(self):
        """One line, or None at the end."""
        while b"\n" not in self.kept:
            try:
                more = self.socket.recv(65536)
            except ConnectionResetError:
                more = b""
            if not more:
                return None
            self.kept += more
        line, self.kept = self.kept.split(b"\n", 1)
        return line.decode(errors="replace")

    def ask(self, request):
        """All lines of a reply."""
        self.send(request if isinstance(request, bytes) else request.encode() + b"\n")
        lines = []
        while (line := self.line()) is not None:
            lines.append(line)
            if line.split(" ")[0] in ("ok", "error"):
                break
        return lines

    def close(self):
        self.socket.close()


class Result:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err
        self.text = out + err

    @property
    def records(self):
        return [json.loads(line) for line in self.out.splitlines()]

    def __repr__(self):
        return f"status {self.status}, output {self.text!r}"


def swrctl(*arguments, directory=None, popen=None, **environment):
    environment = {**os.environ, **environment}
    if directory is not None:
        environment["SWR_SOCKET_DIR"] = directory
    environment = {name: value for name, value in environment.items() if value is not None}
    done = subprocess.run([SWRCTL, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env=environment, timeout=300, **(popen or {}))
    return Result(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


DONE, FAILED, USAGE, NOTHING, NO_PROCESS = range(5)  # exit statuses


def steering(directory):
    """run(status, arguments...) checks how swrctl ends; records(arguments...) are its objects, where it succeeds."""

    def run(status, *arguments, **more):
        found = swrctl(*arguments, directory=directory, **more)
        check(found.status == status, f"{arguments} gave {found}")
        return found

    def records(*arguments):
        return run(DONE, *arguments, "--json").records

    return run, records
