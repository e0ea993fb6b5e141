"""The control socket: where it may stand, who may speak, and that no client and no accident disturbs the program."""

import contextlib
import fcntl
import os
import select
import shutil
import signal
import socket
import tempfile
import time

import harness
from harness import Client, Directory, Live, await_that, check, finish, swrctl

NOBODY = {"user": 65534, "group": 65534, "extra_groups": []}
root = os.getuid() == 0

# Copies that other users may read and run.
shelf = tempfile.mkdtemp(prefix="swrcache-test-")
os.chmod(shelf, 0o755)
for name in ("SWRCTL", "LIVE", "LIBRARY"):
    copied = shutil.copy(getattr(harness, name), shelf)
    os.chmod(copied, 0o755)
    setattr(harness, name, copied)


def no_socket(directory, why, **more):
    """The program runs as ever, says nothing, and tells the reason where it was asked to."""
    with Directory() as logs:
        if "popen" in more:
            os.chown(logs, 65534, 65534)
        with Live(directory, wait=False, SWR_LOG=f"{logs}/log", **more) as live:
            check(live.do("quote 3") == 68)
            def told():
                if not os.path.exists(f"{logs}/log"):
                    return ""
                with open(f"{logs}/log") as log:
                    return log.read()

            # The file is there a moment before its line.
            if not check(await_that(lambda: told().endswith("\n")), f"nothing told of {why}"):
                return
            text = told()
            check("no control socket in" in text and why in text, text)
            check(live.do("listening") == -1)


def places():
    with Directory() as base:
        os.mkdir(f"{base}/open", 0o700)
        os.chmod(f"{base}/open", 0o777)
        no_socket(f"{base}/open", "mode is not 0700")
        check(os.listdir(f"{base}/open") == [])
        check("passed over" in swrctl("ps", directory=f"{base}/open").err)
        check("SWR_SOCKET_DIR=here: its name is too long, or not absolute" in swrctl("ps", directory="here").err)
        os.mkdir(f"{base}/real", 0o700)
        os.symlink(f"{base}/real", f"{base}/link")
        no_socket(f"{base}/link", "symbolic link")
        check(os.listdir(f"{base}/real") == [])
        check("symbolic link" in swrctl("ps", directory=f"{base}/link").err)
        no_socket(f"{base}/missing/missing", "cannot be made")
        no_socket(f"{base}/{'long' * 30}", "too long")
        no_socket("relative", "not absolute")
        open(f"{base}/file", "w").close()
        no_socket(f"{base}/file", "not a directory")
        # It makes the last folder itself, for its user alone, whatever the umask.
        for umask in (0o000, 0o777):
            with Live(f"{base}/made", popen={"umask": umask}) as live:
                check(os.stat(f"{base}/made").st_mode & 0o7777 == 0o700)
                check(swrctl("ps", directory=f"{base}/made").out.count("live") == 1)
            check(os.listdir(f"{base}/made") == [])
            os.rmdir(f"{base}/made")


def leftovers():
    with Directory() as directory:
        def stale(pid):
            with socket.socket(socket.AF_UNIX) as s:
                s.bind(f"{directory}/{pid}.sock")

        with Live(directory, prepare=stale) as live:
            check(await_that(lambda: f'"pid":{live.pid}' in swrctl("ps", "--json", directory=directory).out))
            check(live.do("listening") >= 0)
            check(await_that(lambda: os.listdir(directory) == [f"{live.pid}.sock"]))

        def file(pid):
            with open(f"{directory}/{pid}.sock", "w") as f:
                f.write("precious")

        no_socket(directory, "no socket can be made", prepare=file)
        names = os.listdir(directory)
        check(len(names) == 1 and open(f"{directory}/{names[0]}").read() == "precious")
        os.unlink(f"{directory}/{names[0]}")

        with socket.socket(socket.AF_UNIX) as other:
            def taken(pid):
                other.bind(f"{directory}/{pid}.sock")
                other.listen()

            # Another listens there, as a process of this number in another namespace would: both are kept apart.
            with Live(directory, wait=False, prepare=taken) as live:
                check(await_that(lambda: sum(name.endswith(".sock") for name in os.listdir(directory)) == 2), os.listdir(directory))
                second = [name for name in os.listdir(directory) if name != f"{live.pid}.sock"]
                check(second[0].startswith(f"{live.pid}-") and second[0].endswith(".sock"), second)
                found = swrctl("ps", "--json", directory=directory)
                check([r["pid"] for r in found.records] == [live.pid], found)
                # It says of itself that it is that process, and is not.
                check(found.status == 1 and f"{live.pid}.sock is passed over: another process listens" in found.err, found)
                check(swrctl("-p", str(live.pid), "invalidate", "all", directory=directory).status == 0)
                check(swrctl("-a", "stats", directory=directory).status == 1)
            check(os.listdir(directory) == [f"{live.pid}.sock"], "another's socket stays")
            os.unlink(f"{directory}/{live.pid}.sock")

        with socket.socket(socket.AF_UNIX) as silent:
            silent.bind(f"{directory}/{os.getpid()}.sock")
            silent.listen()
            # Who listens there and never answers is waited for a while only.
            found = swrctl("-p", str(os.getpid()), "stats", directory=directory)
            check(found.status == 1 and "no answer within 5 s" in found.err, found)
        found = swrctl("ps", directory=directory)
        check(found.out == "" and found.err == "", "a dead one's socket is left out")


def remains():
    """What a killed process left goes when somebody looks; nothing else does."""
    nobody = (1 << 31) - 1  # no process has that number

    def bound(name, age=0):
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(f"{directory}/{name}")
        if age != 0:
            then = time.time() - age
            os.utime(f"{directory}/{name}", (then, then))
        return name

    with Directory() as directory, Live(directory) as live, socket.socket(socket.AF_UNIX) as heard, \
            socket.socket(socket.AF_UNIX) as heard_long:
        with Live(directory) as killed:
            killed.process.kill()
            os.waitid(os.P_PID, killed.pid, os.WEXITED | os.WNOWAIT)
            beside = os.path.basename(killed.socket)
            found = swrctl("ps", "--json", directory=directory)
            check([r["pid"] for r in found.records] == [live.pid] and found.err == "", found)
            check(beside in os.listdir(directory), "its number is not free yet")
            killed.process.wait()
        here = f"{live.pid}.sock"
        found = swrctl("ps", "--json", directory=directory)
        check([r["pid"] for r in found.records] == [live.pid] and found.err == "", found)
        check(os.listdir(directory) == [here], os.listdir(directory))
        # Any command that looks for processes does it: bound long ago by whoever had this number, or half made.
        bound(f"{nobody}.sock")
        bound(f"{os.getpid()}.sock", age=1 << 30)
        bound(f"{nobody}.new", age=3600)
        check(swrctl("stats", directory=directory).status == 0)
        check(os.listdir(directory) == [here], os.listdir(directory))

        # Names of other forms, of living processes, in the making; no sockets; somebody listens.
        kept = [bound(f"{os.getpid()}.sock"), bound(f"{nobody - 1}.new", age=-3600), bound(f"0{nobody}.sock", age=3600),
                bound(f"{nobody}.sock.old", age=3600), bound(f"{nobody}", age=3600), bound("x.sock", age=3600),
                bound(f"{nobody + 1}.sock", age=3600), bound(f"-{nobody}.sock", age=3600)]
        with open(f"{directory}/{nobody}.sock", "w") as file:
            file.write("precious")
        os.mkdir(f"{directory}/{nobody - 1}.sock")
        os.symlink("x.sock", f"{directory}/{nobody - 2}.sock")
        heard.bind(f"{directory}/{nobody - 3}.sock")
        heard.listen()
        heard_long.bind(f"{directory}/{nobody - 2}.new")
        heard_long.listen()
        os.utime(f"{directory}/{nobody - 2}.new", (0, 0))
        kept += [here, f"{nobody - 2}.new"] + [f"{nobody - n}.sock" for n in range(4)]
        swrctl("ps", directory=directory)
        check(sorted(os.listdir(directory)) == sorted(kept), set(os.listdir(directory)) ^ set(kept))


@contextlib.contextmanager
def alone():
    """The directories that have their users' numbers are the machine's: one test at a time makes and removes them."""
    lock = os.open("/tmp", os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(lock)


def users():
    """Only the same user and root, checked at the connection itself."""
    with Directory() as directory, Live(directory) as live:
        os.chmod(directory, 0o755)
        os.chmod(live.socket, 0o666)
        child = os.fork()
        if child == 0:
            os.setresuid(65534, 65534, 65534)
            client = Client(live.socket)
            try:
                answer = client.ask("ping")
            except OSError:
                answer = []
            os._exit(0 if answer == [] else 1)
        check(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, "another user was answered")
        os.chmod(directory, 0o700)
        check(swrctl("ps", directory=directory, popen=NOBODY).status == 0)
        check("passed over" in swrctl("ps", directory=directory, popen=NOBODY).err)
        check("ok" in Client(live.socket).ask("ping"))
    with Directory() as directory:
        os.chown(directory, 65534, 65534)
        # Root finds another user's process, also where the environment does not lead.
        with Live(directory, popen=NOBODY) as live:
            found = swrctl("ps", "--json", directory=directory)
            check(found.status == 0 and [r["pid"] for r in found.records] == [live.pid], found)
        # Another's listener in that directory is not its owner's.
        with socket.socket(socket.AF_UNIX) as impostor:
            impostor.bind(f"{directory}/{os.getpid()}.sock")
            impostor.listen()
            found = swrctl("ps", directory=directory)
            check(found.status == 1 and "belongs to another user" in found.err, found)


def default_directories():
    default = "/tmp/swrcache-65534"
    kept = os.path.exists(default)
    with Live(default, wait=False, popen=NOBODY, SWR_SOCKET_DIR=None, XDG_RUNTIME_DIR=None) as live:
        live.wait()
        found = swrctl("ps", "--json", SWR_SOCKET_DIR=None)
        mine = [r for r in found.records if r["pid"] == live.pid]
        check(len(mine) == 1 and mine[0]["user"] == "nobody", found)
        check(swrctl("-p", str(live.pid), "invalidate", "all", SWR_SOCKET_DIR=None).status == 0)
        check(str(live.pid) in swrctl("ps", popen=NOBODY, SWR_SOCKET_DIR=None, XDG_RUNTIME_DIR="/nowhere").out)
    if not kept:
        with contextlib.suppress(OSError):  # by now another of that user's programs may be in it
            os.rmdir(default)
    # The name says whose it is.
    squat = "/tmp/swrcache-64999"
    if not os.path.exists(squat):
        os.mkdir(squat, 0o700)
        check(f"{squat} is passed over" in swrctl("ps", SWR_SOCKET_DIR=None).err)
        os.rmdir(squat)


def clients(live):
    # Malformed requests get one line each, and the connection goes on.
    client = Client(live.socket)
    for request, place in ((b"nonsense\n", "no command nonsense"), (b"inspect sort=colour\n", "sort by age"),
                           (b"ping all=1\n", "no field all"), (b"\n", "no command"), (b"ping \\q=1 x\n", "="),
                           (b"invalidate target=\\q\n", "escape"), (b"ping\0ping\n", "no text"),
                           (b"invalidate\n", "no target"), (b"set function=quote\n", "no setting"),
                           (b"\xff\xfe\x01\x1b[31m\n", "no command"), (b"inspect limit=x\n", "numbers"),
                           (b"explain call=quote\n", "one call"), (b"a=b " * 100 + b"\n", "too many")):
        lines = client.ask(request)
        check(len(lines) == 1 and lines[0].startswith("error ") and place in lines[0], f"{request}: {lines}")
        check("\033" not in lines[0], lines)
    check(client.ask("ping")[-1] == "ok")
    check(client.ask(b"ping\r\n")[-1] == "ok")
    # Many at once, in order.
    client.send(b"ping\nnonsense\n" * 500)
    answers = [client.line() for _ in range(3 * 500)]
    check(answers[1::3] == ["ok"] * 500 and all(a.startswith("error") for a in answers[2::3]))
    # Descriptors sent along are not kept.
    before = live.do("descriptors")
    for _ in range(20):
        socket.send_fds(client.socket, [b"ping\n"], [0, 1, 2])
        check(client.line().startswith("pid=") and client.line() == "ok")
    check(live.do("descriptors") == before)
    client.close()

    # A line without end.
    endless = Client(live.socket)
    try:
        endless.send(b"x" * (1 << 20))
    except (BrokenPipeError, ConnectionResetError):
        pass
    line = endless.line()
    check(line is None or "too long" in line, line)
    check(endless.line() is None)

    # Gone in the middle of a reply.
    for _ in range(50):
        hasty = Client(live.socket)
        hasty.send(b"functions\n" * 10)
        hasty.close()
    check(Client(live.socket).ask("ping")[-1] == "ok")

    # One that never reads, a silent one, and one that sends a byte now and then: each for a while only.
    deaf, silent, slow = Client(live.socket), Client(live.socket), Client(live.socket)
    deaf.socket.settimeout(0.1)
    try:
        while True:
            deaf.send(b"functions\n" * 1000)
    except TimeoutError:
        pass
    slow.socket.settimeout(0.2)
    cut = False
    for _ in range(300):
        try:
            slow.send(b"p")
            if slow.socket.recv(1) == b"":
                cut = True
                break
        except TimeoutError:
            continue
        except OSError:
            cut = True
            break
    check(cut, "a line that takes for ever")
    check(silent.line() is None)
    deaf.socket.settimeout(60)
    while deaf.line() is not None:
        pass

    # Sixteen are served; the next one when there is room. Who is silent for five seconds makes some: all anew.
    idle, late = live.do("descriptors"), True
    while late:
        begun = time.monotonic()
        crowd = [Client(live.socket) for _ in range(20)]
        answers = [client.ask("ping")[-1:] for client in crowd[:16]]
        crowd[16].send(b"ping\n")
        served = live.do("descriptors")
        late = time.monotonic() - begun > 4
        for client in crowd if late else ():
            client.close()
    check(answers == [["ok"]] * 16, answers)
    check(served == idle + 16, served)
    check(live.do("inheritable") == 0)
    check(live.do("quote 3") == 68)
    crowd[0].close()
    check(crowd[16].line().startswith("pid="))
    for client in crowd:
        client.close()


def asleep(pid):
    """The control thread is there and waits."""
    for task in os.listdir(f"/proc/{pid}/task"):
        if int(task) != pid:
            with open(f"/proc/{pid}/task/{task}/stat") as stat:
                return stat.read().rsplit(")", 1)[1].split()[0] == "S"
    return False


def descriptors():
    with Directory() as directory:
        # None is left when clients come.
        with Live(directory) as live:
            check(live.do("take") > 10)
            waiting = [Client(live.socket) for _ in range(5)]
            for client in waiting:
                client.send(b"ping\n")
            check(live.do("quote 3") == 68)
            live.do("give")
            check([client.line().startswith("pid=") for client in waiting] == [True] * 5)
        # None is left for the socket itself: counted, and tried again.
        with Live(directory, wait=False, first=("take", "all")) as live:
            check(await_that(lambda: asleep(live.pid)))
            check(live.do("quote 3") == 68)
            check(live.do("listening") == -1)
            live.do("give")
            live.wait()
            stats = swrctl("stats", "--json", directory=directory).records
            check(stats[0]["no_socket"] >= 1, stats)
            check("no descriptor is left" in stats[1]["complaint"], stats)
        # Closed standard descriptors are not taken.
        with Live(directory, LIVE_CLOSED="1") as live:
            client = Client(live.socket)
            check(client.ask("ping")[-1] == "ok")
            check(live.do("standard") == 0)
            check(live.do("inheritable") == 0)
        # The program closes our descriptor and uses its number for its log.
        log = f"{directory}/program.log"
        with Live(directory) as live:
            check(live.do(f"reuse {log}") == 5)
            found = swrctl("-p", str(live.pid), "stats", directory=directory)
            check(found.status in (1, 4) and found.err != "", found)
            check(await_that(lambda: not os.path.exists(live.socket)), "its thread saw it, and leaves")
            found = swrctl("-p", str(live.pid), "invalidate", "all", directory=directory)
            check(found.status == 4 and "socket" in found.err, found)
            check(live.do("quote 3") == 68)
        check(open(log).read() == "mine\n")
        # Switched off.
        with Live(directory, wait=False, SWR_CONTROL="0") as live:
            check(live.do("listening") == -1 and not os.path.exists(live.socket))


def shares(live):
    """S64: each client has its share of a round, and who asks for little is answered amid what takes long."""
    invalidate = b"invalidate target=attempt(-1)\n"

    def stop():
        os.kill(live.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, live.pid, os.WSTOPPED)

    def acts(client):
        """How many verbs there have been, and those of them that are not over."""
        told = [line for line in client.ask("audit") if line.startswith("at=")]
        return len(told), [line for line in told if " matched=" not in line]

    greedy, honest = Client(live.socket), Client(live.socket)
    check(greedy.ask("ping")[-1] == honest.ask("ping")[-1] == "ok")
    before, _ = acts(honest)
    # Both have sent before the process looks again.
    stop()
    greedy.send(invalidate * 40)
    honest.send(b"audit\n")
    os.kill(live.pid, signal.SIGCONT)
    told = []
    while (line := honest.line()) != "ok":
        told.append(line)
    check(len(told) <= before + 2, f"{len(told) - before} commands of another were run first")
    check([greedy.line() for _ in range(40)] == ["ok matched=0"] * 40)

    # Half closed, it gets all its replies; gone, only what was begun is run.
    greedy.send(b"ping\n" * 40)
    greedy.socket.shutdown(socket.SHUT_WR)
    check([greedy.line() for _ in range(80)][1::2] == ["ok"] * 40 and greedy.line() is None)
    before, _ = acts(honest)
    gone = Client(live.socket)
    check(gone.ask("ping")[-1] == "ok")
    stop()
    gone.send(invalidate * 40)
    gone.close()
    os.kill(live.pid, signal.SIGCONT)
    check(honest.ask("ping")[-1] == honest.ask("ping")[-1] == "ok")
    check(acts(honest)[0] <= before + 1)

    # A walk over very many entries.
    check(live.do("fill 300000") == 300000)
    slow, honest = Client(live.socket), Client(live.socket)
    check(slow.ask("ping")[-1] == honest.ask("ping")[-1] == "ok")
    stop()
    slow.send(b"invalidate target=attempt(<0)\n")
    os.kill(live.pid, signal.SIGCONT)
    seen = []
    while not seen:
        number, under_way = acts(honest)
        seen = under_way
        if not seen and select.select([slow.socket], [], [], 0)[0]:
            break
    check(seen and "attempt(<0)" in seen[0], "nobody is answered amid a walk")
    check(slow.line().startswith("ok matched=0"))

    # Two such walks: neither waits for the other's end, and no thread is left of it.
    def threads():
        names = []
        for task in os.listdir(f"/proc/{live.pid}/task"):
            try:
                with open(f"/proc/{live.pid}/task/{task}/comm") as comm:
                    names.append(comm.read().strip())
            except OSError:
                pass  # it has ended
        return names.count("swr-control")

    other, together, between = Client(live.socket), False, False
    check(other.ask("ping")[-1] == "ok" and threads() == 1)
    def answered(client):
        return select.select([client.socket], [], [], 0)[0]

    for _ in range(50):
        stop()
        slow.send(b"invalidate target=attempt(<0)\n")
        other.send(b"expire target=attempt(<0)\n")
        os.kill(live.pid, signal.SIGCONT)
        while not answered(slow) and not answered(other):
            together |= len(acts(honest)[1]) == 2
        check(slow.line().startswith("ok matched=0") and other.line().startswith("ok matched=0"))
        slow.send(b"invalidate target=attempt(<0)\n")
        while not answered(slow) and not acts(honest)[1]:
            pass
        check(other.ask("tags")[-1] == "ok")
        between |= len(acts(honest)[1]) == 1
        check(slow.line().startswith("ok matched=0"))
        if together and between:
            break
    check(together, "a long command waits for another's end")
    check(between, "a short command waits for a long one's end")
    check(threads() == 1)
    check(live.do("fill 0") == 0)


places()
leftovers()
remains()
if root:
    users()
    with alone():
        default_directories()
with Directory() as directory:
    with Live(directory) as live:
        # Who finds the file is answered.
        check(live.do("listening") >= 0 and live.do("unheard") == 0)
        clients(live)
        shares(live)
    check(os.listdir(directory) == [], "the socket's file goes with the program")
descriptors()
shutil.rmtree(shelf)
finish()
