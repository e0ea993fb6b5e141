"""A program under `swrctl run`, started with variables of ours and asked for wrapped calls: what the tests beside share."""

import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools"))

import harness  # noqa: E402

SWRCTL, HOST, LIBRARY, SOURCE = sys.argv[1:5]
RULE = "i32 counted(i32) ttl=1h"

# Nothing of who runs the tests is to be in the way.
for name in [name for name in os.environ if name.startswith("SWR_")] + ["LD_PRELOAD", "XDG_RUNTIME_DIR"]:
    os.environ.pop(name, None)


class Started:
    """host.c; `does` is what it does with its own first."""

    def __init__(self, does=(), run=(), rule=RULE, under=(), popen=None, **environment):
        command = [*under, SWRCTL, "run", *run, "--wrap", rule, "--", HOST, *does, "serve"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, env={**os.environ, **environment}, **(popen or {}))
        self.pid = self.process.pid

    def call(self, number):
        self.process.stdin.write(f"{number}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        return int(line) if line else None

    def cached(self):
        """Whether a second call gets what the first got."""
        return self.call(7) == self.call(7)

    def until(self, condition):
        """For functions of others the control thread comes with a call that is made a while after the first."""
        def made():
            self.call(8)
            return condition()

        return harness.await_that(made)

    def settled(self):
        return self.until(lambda: "swr-control" in self.threads())

    def threads(self):
        names = []
        for task in os.listdir(f"/proc/{self.pid}/task"):
            with open(f"/proc/{self.pid}/task/{task}/comm") as comm:
                names.append(comm.read().strip())
        return names

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        said = self.process.stdout.read() + self.process.stderr.read()
        harness.check(self.process.wait() == 0 and said == "", f"status {self.process.returncode}, said {said!r}")


def kill(process):
    """A daemon that the test started, by its own process."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        process.wait()
