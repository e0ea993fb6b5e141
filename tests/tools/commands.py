"""Every command of swrctl against a live process, as its users meet it: what it prints and how it ends."""

import os
import subprocess

from harness import DONE, FAILED, LIBRARY, NOTHING, NO_PROCESS, SWRCTL, USAGE, Directory, Live, check, finish, steering, swrctl

with Directory() as directory:
    run, records = steering(directory)

    # Nobody is there.
    check(directory in run(NO_PROCESS, "stats").err)
    nobody = str((1 << 31) - 1)  # no process has that number
    check(f"no process {nobody}" in run(NO_PROCESS, "-p", nobody, "stats").err)
    check("no control socket" in run(NO_PROCESS, "-p", str(os.getpid()), "stats").err)
    check(run(DONE, "ps").out == "" and run(DONE, "ps", "--json").out == "")

    wrong = {"SWR_MAX_BYTES": "lots", "SWR_THREADS": "-3", "SWR_CLOCK": "manually", "SWR_LOG": f"{directory}/log"}
    with Live(directory, **wrong) as live:
        pid = str(live.pid)

        # Before or after the command, and however it is attached.
        for arguments in (("--json", "ps"), ("ps", "--json"), ("ps", "-p", pid, "--json"), ("-p" + pid, "ps", "--json"),
                          ("-a", "ps", "--json"), ("ps", "--json", "-p", "live")):
            shown = run(DONE, *arguments).records
            check(len(shown) == 1 and shown[0]["pid"] == live.pid and shown[0]["program"] == "live", shown)
        check(shown[0]["entries"] == 9 and shown[0]["functions"] == 10 and shown[0]["bytes"] > 0, shown)
        check(shown[0]["user"] == "root" if os.getuid() == 0 else shown[0]["user"], shown)
        text = run(DONE, "ps").out.splitlines()
        check(text[0].split()[:3] == ["PID", "USER", "PROGRAM"] and text[1].split()[0] == pid, text)

        # Functions, and where their settings come from.
        by_name = {f["name"]: f for f in records("functions")}
        quote = by_name["quote"]
        for field in ("mode", "hits", "stale_hits", "misses", "coalesced", "bypasses", "refreshes", "failures",
                      "entries", "bytes"):
            check(field in quote, field)
        check((quote["mode"], quote["hits"], quote["misses"], quote["calls"]) == ("on", 1, 2, 3), quote)
        check((quote["ttl_ms"], quote["ttl_from"], quote["stale_from"]) == (600000, "annotation", "default"), quote)
        check(by_name["pin"]["secret"] is True and quote["secret"] is False)
        check(run(DONE, "functions").out.splitlines()[0].startswith("NAME "))
        check("ttl_from               annotation" in run(DONE, "functions", "-v").out)

        # Keys as C calls, values with their out-parameters, no control characters.
        entries = {e["key"]: e for e in records("inspect")}
        for key, value in {'quote("ACME", 3)': "68", 'quote("BE\\nTA", 1)': "67", "pin(***)": "***",
                           "distance({city=\"Ulm\", zone=3}, 'k', true)": "110",
                           "distance(NULL, '\\n', false)": "0", 'digest(x"01ff", 2)': "3",
                           "split(9, _, _[2], 2)": 'void {half=4, text=x"6868"}',
                           'motto("say \\"\\033[31m\\"")': '"say \\"\\033[31m\\""', "motto(NULL)": "NULL"}.items():
            check(entries.get(key, {}).get("value") == value, f"{key}: {entries.get(key)}")
        for entry in entries.values():
            check(entry["state"] == "fresh" and entry["age_ms"] >= 0 and entry["size"] > 0 and entry["hits"] >= 0)
        check("\033" not in run(DONE, "inspect").out + run(DONE, "dump").out)
        check([e["key"] for e in records("inspect", "quote", "--match", "*ACME*")] == ['quote("ACME", 3)'])
        check([e["hits"] for e in records("inspect", "--sort", "hits", "--limit", "2")][0] == 1)
        sizes = [e["size"] for e in records("inspect", "--sort=size")]
        check(len(sizes) == 9 and sizes == sorted(sizes, reverse=True), sizes)
        check(len(run(DONE, "dump").records) == 9)
        check("nothing matched" in run(NOTHING, "inspect", "--match", "*nowhere*").err)
        unknown = run(NOTHING, "inspect", "nowhere").err
        check("there are: " in unknown and " quote" in unknown, unknown)

        # Targets that match nothing say so.
        check("nothing matched" in run(NOTHING, "invalidate", 'quote("ACME", 4)').err)
        check("no function nowhere" in run(NOTHING, "invalidate", "nowhere").err)
        check("no function nowhere" in run(NOTHING, "explain", "nowhere(1)").err)
        check(run(NOTHING, "refresh", "attempt", "--json").records == [{"pid": live.pid, "matched": 0}])
        check(run(NOTHING, "mode", "nowhere", "off").err != "" and run(NOTHING, "set", "nowhere", "ttl=1s").err != "")

        # Every argument of a call, by kind.
        for target in ('quote("ACME", 3)', 'quote("AC*", *)', 'quote("BE\\nTA", 1)', 'digest(x"01ff", 2)',
                       "split(9, _, _[2], 2)", "split(9, 2)", 'distance({city="Ulm", zone=3}, *, true)',
                       "distance(NULL, '\\n', false)", 'motto("say*")', "motto(NULL)"):
            check(records("invalidate", target, "--dry-run") == [{"pid": live.pid, "matched": 1}], target)
        check(records("expire", "quote", "--dry-run")[0]["matched"] == 2)
        check(records("invalidate", "all", "--dry-run")[0]["matched"] == 9)
        check(len(records("inspect")) == 9)
        check("would be invalidated" in run(DONE, "invalidate", "all", "--dry-run").out)
        check(records("expire", 'quote("ACME", 3)')[0]["matched"] == 1)
        check(records("inspect", "quote", "--match", "*ACME*")[0]["state"] == "stale")
        check(records("refresh", 'quote("AC*", *)')[0]["matched"] == 1)
        check(records("invalidate", "quote")[0]["matched"] == 2)
        run(NOTHING, "invalidate", "quote")

        # A secret function's calls cannot be guessed.
        for command in ("invalidate", "expire", "refresh", "explain"):
            for target in ('pin("alice")', 'pin("bob")', "pin(*)", 'pin("a*")'):
                check("pin is secret" in run(FAILED, command, target).err)
        check("alice" not in run(DONE, "inspect").text + run(DONE, "dump").text)
        run(NOTHING, "inspect", "--match", "*alice*")
        check(records("invalidate", "pin")[0]["matched"] == 1)

        # Settings with their units, each of them; wrong ones name the place and the cure.
        settings = {"ttl": ("2m", 120000), "stale": ("10m", 600000), "stale_if_error": ("1h", 3600000),
                    "negative": ("250ms", 250), "wait": ("2s", 2000), "keep_warm": ("0", 0),
                    "retry": ("500ms", 500), "retry_max": ("1d", 86400000)}
        assignments = [f"{name}={text}" for name, (text, _) in settings.items()]
        run(DONE, "set", "quote", *assignments, "jitter_pct=0", "keep_warm_idle=3", "max_entries=5", "max_bytes=1M")
        quote = {f["name"]: f for f in records("functions")}["quote"]
        for name, (_, ms) in settings.items():
            check(quote[name + "_ms"] == ms and quote[name + "_from"] == "set", name)
        check([quote[n] for n in ("jitter_pct", "keep_warm_idle", "max_entries", "max_bytes")] == [0, 3, 5, 1 << 20])
        run(DONE, "set", "quote", "ttl=inf", "max_entries=inf", "max_bytes=inf")
        quote = {f["name"]: f for f in records("functions")}["quote"]
        check(quote["ttl_ms"] is None and quote["max_entries"] is None, quote)
        for wrong_one, cure in {"ttl=lots": "250ms, 20s", "ttl=5": "250ms, 20s", "ttl=-1s": "250ms, 20s",
                                "ttl=": "250ms, 20s", "jitter_pct=101": "0 to 100", "max_bytes=1X": "64M",
                                "max_entries=few": "a number", "tll=5s": "there are: ttl stale"}.items():
            found = run(USAGE, "set", "quote", wrong_one)
            check(wrong_one.split("=")[0] in found.err and cure in found.err, found)
            check("or unset for what the program says" in found.err or "there are" in found.err, found)
        run(DONE, "set", "quote", "ttl=unset", "max_entries=unset", "max_bytes=unset")
        quote = {f["name"]: f for f in records("functions")}["quote"]
        check((quote["ttl_from"], quote["max_entries"], quote["max_entries_from"]) == ("annotation", None, "default"), quote)
        check("NAME=VALUE" in run(USAGE, "set", "quote", "ttl").err)
        for n in range(20, 40):
            live.do(f"quote {n}")
        run(DONE, "set", "quote", "max_entries=5")
        check(len(records("inspect", "quote")) == 5)

        # What was changed is told, as a person would write it; in JSON there is the outcome alone.
        check(run(DONE, "set", "quote", "ttl=90s", "max_bytes=2M", "max_entries=7").out ==
              f"{pid} (live): quote ttl 10m -> 90s\n{pid} (live): quote max_entries 5 -> 7\n"
              f"{pid} (live): quote max_bytes inf -> 2M\n")
        check(records("set", "quote", "ttl=unset") == [{"pid": live.pid, "matched": 1}])
        found = run(NOTHING, "set", "region:shop", "stale=0")
        check(found.out == f"{pid} (live): region:shop stale unset -> 0\n" and "those to come" in found.err, found)
        check(run(NOTHING, "set", "region:shop", "stale=unset").out == f"{pid} (live): region:shop stale 0 -> unset\n")

        # Off, and on again.
        run(DONE, "mode", "quote", "off")
        live.do("quote 1")
        quote = {f["name"]: f for f in records("functions")}["quote"]
        check((quote["mode"], quote["bypasses"]) == ("off", 1), quote)
        check(run(DONE, "mode", "quote", "on", "--percent", "50", "--for", "1h").out ==
              f"{pid} (live): quote mode off -> on 50%, off in 3600 s\n")
        check({f["name"]: f for f in records("functions")}["quote"]["mode_from"] == "set")
        for word in ("unset", "default"):
            run(DONE, "mode", "quote", "off")
            check(run(DONE, "mode", "quote", word).out == f"{pid} (live): quote mode off -> on\n")
            quote = {f["name"]: f for f in records("functions")}["quote"]
            check((quote["mode"], quote["mode_from"]) == ("on", "default") and "mode_then" not in quote, quote)
        check(run(DONE, "mode", "all", "off").out == f"{pid} (live): all mode off: 10 functions\n")
        check(run(DONE, "mode", "all", "unset").out == f"{pid} (live): all mode unset: 10 functions\n")
        check({(f["mode"], f["mode_from"]) for f in records("functions")} == {("on", "default")})
        check("on or off" in run(USAGE, "mode", "quote", "maybe").err)

        # What the environment said wrong, here and in the file of SWR_LOG.
        stats = records("stats")
        check(stats[0]["SWR_MAX_BYTES"] == 64 << 20 and stats[0]["no_socket"] == 0, stats[0])
        check("SWR_CLOCK" not in stats[0], "what was ignored is not in force")
        complaints = [r["complaint"] for r in stats[1:]]
        check(len(complaints) == 3 and "SWR_MAX_BYTES=lots: not a size like 64M" in complaints[0], complaints)
        with open(wrong["SWR_LOG"]) as log:
            check(log.read().splitlines() == complaints)
        check("SWR_THREADS=-3" in run(DONE, "stats").out)

        # Targets and options that make no sense.
        for target, place in {"quote(": "character", 'quote("ACME': "never closed", "quote(1)": "2 arguments",
                              "": "write all", "7up": "no function name", 'quote("ACME", 3) x': "remove it"}.items():
            check(place in run(FAILED, "invalidate", target).err, target)
        for arguments in (("nonsense",), (), ("--nonsense", "ps"), ("inspect", "--limit", "0"), ("inspect", "--limit"),
                          ("inspect", "--sort", "colour"), ("ps", "--dry-run"), ("invalidate",), ("stats", "-v"),
                          ("invalidate", "quote", "3"), ("-a", "-p", pid, "ps"), ("stats", "quote"), ("set", "quote")):
            check("swrctl --help" in run(USAGE, *arguments).err, arguments)

        # Wrong usage is told as such, by the name of the option and with what would be right.
        for arguments, cure in {
                ("explain", "quote"): "explain takes one call with its arguments",
                ("inspect", "quote(3)"): "inspect takes a function; swrctl explain 'quote(3)' shows one call",
                ("expire", "all", "--older-than", "5"): "--older-than takes a time such as 5m, not 5",
                ("refresh", "all", "--larger-than", "much"): "--larger-than takes a size such as 1M, not much",
                ("mode", "quote", "on", "--percent", "0"): "--percent takes a number from 1 to 100, not 0",
                ("mode", "quote", "unset", "--percent", "5"): "mode unset takes neither",
                ("set", "quote", "ttl=abc"): "ttl=abc: write a time such as 250ms, 20s"}.items():
            check(cure in run(USAGE, *arguments).err, arguments)
        found = run(FAILED, "explain", 'quote("ACME", abc)').err
        check("days is a number: write one" in found and "or >=30" not in found.replace("in a pattern also * or >=30", ""), found)
        # Two processes: neither is guessed; with -a the target need not be known to both.
        with Live(directory) as other:
            check(pid in run(USAGE, "stats").err)
            both = run(DONE, "-a", "--json", "inspect", "quote").records
            check({r["pid"] for r in both} == {live.pid, other.pid}, both)
            found = run(DONE, "-a", "--json", "invalidate", 'quote("BE\\nTA", 1)').records
            check(sorted(r["matched"] for r in found) == [0, 1], found)
            check(run(DONE, "-a", "functions").out.startswith("PID "))
            # One object of each, with what it complains of.
            both = {r["pid"]: r for r in run(DONE, "-a", "--json", "stats").records}
            check(len(both[live.pid]["complaints"]) == 3 and "complaints" not in both[other.pid], both)
            check(len(run(DONE, "-p", "live", "ps", "--json").records) == 2)
            # One is stopped: named with the reason; the other answers all the same.
            os.kill(other.pid, 19)
            os.waitid(os.P_PID, other.pid, os.WSTOPPED | os.WNOWAIT)  # it stops when it gets to it
            found = run(FAILED, "-a", "--json", "stats")
            check(f"cannot reach process {other.pid} (live): it is stopped" in found.err, found)
            check({r["pid"] for r in found.records} == {live.pid}, found)
            # It does not obey later what it was said not to have obeyed.
            check("it is stopped" in run(FAILED, "-p", str(other.pid), "refresh", "all").err)
            os.kill(other.pid, 18)
            check("refresh" not in run(DONE, "-p", str(other.pid), "audit").out, "it obeyed")
            run(DONE, "-a", "stats")

    # What a program calls itself is no command to the terminal, however long it is.
    odd = "li\nve\033[31m" + "e" * 80
    renamed = ("env", f"LD_PRELOAD={LIBRARY}", "bash", "-c", 'exec -a "$0" "$1"', odd)
    with Live(directory, through=renamed) as live, Live(directory):
        told = run(USAGE, "stats").err
        check("li?ve?[31m" + "e" * 80 in told and "\033" not in told and told.count("\n") == 3, told)
        check(run(DONE, "-p", odd, "--json", "stats").records[0]["pid"] == live.pid)

    # Output that goes nowhere is a failure.
    with Live(directory) as live, open("/dev/full", "w") as full:
        done = subprocess.run([SWRCTL, "inspect"], stdout=full, stderr=subprocess.PIPE,
                              env={**os.environ, "SWR_SOCKET_DIR": directory})
        check(done.returncode == FAILED and b"standard output" in done.stderr, done)

finish()
