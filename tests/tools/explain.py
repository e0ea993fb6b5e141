"""What the next call gets, and why; who did what."""

from harness import Directory, Live, check, finish, swrctl

with Directory() as directory, Live(directory, SWR_CLOCK="manual") as live:

    def explain(call):
        found = swrctl("explain", call, "--json", directory=directory)
        check(found.status == 0, found)
        return found.records[0]

    def why(call, *words):
        record = explain(call)
        for word in words:
            if not check(word in record["why"], f"{record['why']!r} lacks {word!r}"):
                break
        return record

    why('quote("ACME", 3)', "fresh", "gets the stored value")
    near = why('quote("ACME", 4)', "never computed", "the next call computes")
    check(near["state"] == "none" and near["nearest"] == 'quote("ACME", 3)', near)
    check((near["differs"], near["stored"], near["asked"]) == ("days", "3", "4"), near)

    # By age.
    live.do("advance 601000")
    aged = why('quote("ACME", 3)', "expired 1 s ago by age", "starts a refresh")
    check(aged["state"] == "stale", aged)
    live.do("advance 300000")
    why('quote("ACME", 3)', "past its stale window")
    live.do("advance 4000000")
    why('quote("ACME", 3)', "too old for any use")

    # By whom.
    live.do("quote 3")
    check(live.do("expire 3") == 1)
    live.do("advance 5000")
    record = why('quote("ACME", 3)', "expired 5 s ago by a call in the program", '(quote("ACME", 3))')
    check(record["by"] == "call" and record["ago_ms"] == 5000, record)
    check(live.do("invalidate 3") == 1)
    why('quote("ACME", 3)', "invalidated 0 ms ago by a call in the program")
    live.do("quote 3")
    found = swrctl("invalidate", 'quote("AC*", *)', directory=directory)
    check(found.status == 0 and "1 entry invalidated" in found.out, found)
    live.do("advance 2000")
    record = why('quote("ACME", 3)', "invalidated 2 s ago by process ", "control socket", '(quote("AC*", *))')
    check(record["by"] == "control" and record["by_pid"] > 0 and record["at"] > 0, record)
    text = swrctl("explain", 'quote("ACME", 3)', directory=directory).out
    hour = [line.split()[1] for line in text.splitlines() if line.startswith("at ")]
    check(len(hour) == 1 and len(hour[0]) == 8 and hour[0].count(":") == 2, text)

    # Keys longer than a slot of the memory has room for.
    live.do("long 300")
    check(swrctl("invalidate", "quote", directory=directory).status == 0)
    why('quote("' + "x" * 300 + '", 1)', "invalidated", "(quote)")

    # Not stored.
    live.do("attempt 1")
    record = why("attempt(1)", "not stored: failed with ETIMEDOUT")
    check(record["failed_errno"] == 110, record)
    live.do("attempt 2")
    why("attempt(2)", "not stored: skipped by the function")
    live.do("tight 1")
    why("tight(1)", "not stored: too large")
    for n in range(20):
        live.do(f"few {n}")
    gone = [n for n in range(20) if explain(f"few({n})")["state"] == "none"]
    check(len(gone) == 18, gone)
    for n in gone:
        why(f"few({n})", "evicted", "to keep the function's max_entries=2")
    counts = {f["name"]: f["evictions"] for f in swrctl("functions", "--json", directory=directory).records}
    check(counts["few"] == 18 and sum(counts.values()) == 18, counts)
    check(swrctl("stats", "--json", directory=directory).records[0]["evictions"] == 18)

    # Past its stale window; once a refresh has failed, calls get the old value while that rests.
    check(live.do("attempt 3") == 3)
    live.do("advance 400000")
    why("attempt(3)", "past its stale window, the next call computes and gets the old value only if that fails")
    check(live.do("attempt 3") == 3)
    why("attempt(3)", "past its stale window; 1 refresh failed, the last with ETIMEDOUT; the next call gets the old value; the next refresh is due in ")
    live.do("advance 2000")
    why("attempt(3)", "past its stale window, the next call computes and gets the old value only if that fails")

    # What is computed just now; invalidated meanwhile, it is not stored.
    live.do("hold")
    record = why("held(7)", "never computed", "it is being computed now")
    check(record["inflight"] is True, record)
    flights = swrctl("inflight", "--json", directory=directory).records
    check([(f["key"], f["kind"], f["fenced"]) for f in flights] == [("held(7)", "miss", False)], flights)
    check(flights[0]["tid"] != live.pid and flights[0]["age_ms"] == 0, flights)
    check(swrctl("invalidate", "held", directory=directory).status == 3)
    check(swrctl("inflight", "--json", directory=directory).records[0]["fenced"] is True)
    live.do("release")
    why("held(7)", "not stored: invalidated while it was computed", "control socket")
    check(swrctl("inflight", "--json", directory=directory).out == "")

    # Switched off.
    swrctl("mode", "quote", "off", directory=directory)
    why('quote("ACME", 3)', "quote is off: the next call goes straight to the function")

    # The verbs, the latest last; of a secret function no argument.
    live.do("pin mallory")
    live.do("forget_pin mallory")
    acts = swrctl("audit", "--json", directory=directory).records
    check([a["target"] for a in acts[-3:]] == ["quote", "held", "pin(***)"], acts)
    check(acts[0]["verb"] == "expire" and acts[0]["by"] == "call" and acts[0]["matched"] == 1, acts)
    check("mallory" not in swrctl("audit", directory=directory).out)
    check(len(swrctl("audit", "--json", "--limit", "2", directory=directory).records) == 2)
    count = len(acts)
    swrctl("invalidate", "all", "--dry-run", directory=directory)
    check(len(swrctl("audit", "--json", directory=directory).records) == count)
    for n in range(300):
        live.do("invalidate 1000")
    check(len(swrctl("audit", "--json", directory=directory).records) == 256)

    # What is printed whole is a target as it stands; of what is longer only the beginning is printed.
    swrctl("mode", "quote", "on", directory=directory)
    for length, whole in ((3000, True), (4060, True), (5000, False)):
        live.do(f"long {length}")
        keys = [r["key"] for r in swrctl("inspect", "quote", "--json", directory=directory).records if r["size"] > length]
        check(len(keys) == 1 and keys[0].endswith("...") != whole, (length, [len(key) for key in keys]))
        if not whole:
            check("write * for the rest" in swrctl("invalidate", keys[0], directory=directory).err)
            keys[0] = keys[0][:200] + '*", *)'
        found = swrctl("invalidate", keys[0], directory=directory)
        check(found.status == 0 and "1 entry invalidated" in found.out, found.text[:200])

finish()
