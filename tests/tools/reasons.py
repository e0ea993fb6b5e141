"""Who invalidated what, by every way there is; writers whose targets can match nothing."""

from harness import Directory, Live, await_that, check, finish, swrctl

with Directory() as directory, Live(directory, SWR_CLOCK="manual", SWR_LOG=f"{directory}/log") as live:

    def explain(call):
        found = swrctl("explain", call, "--json", directory=directory)
        check(found.status == 0, found)
        return found.records[0]

    def why(call, *words, **facts):
        record = explain(call)
        for word in words:
            check(word in record["why"], f"{record['why']!r} lacks {word!r}")
        for name, value in facts.items():
            check(record.get(name) == value, (name, record))
        return record

    def act(*arguments):
        found = swrctl(*arguments, directory=directory)
        check(found.status == 0, found)

    # A writer, by its name; who stood on it went with it.
    live.do("all")
    check(live.do("sell 3") == 97)
    for call in ('left("bolt")', 'board("bolt")'):
        why(call, "invalidated", "by a call in sell", '(left("bolt"))', by="call", caller="sell", target='left("bolt")')
    why('board("nut")', "fresh")
    audit = swrctl("audit", "--json", "--limit", "2", directory=directory).records
    check([(a["target"], a["caller"], a["matched"]) for a in audit] == [('left("bolt")', "sell", 1), ("tag:none:3", "sell", 0)], audit)
    live.do("all")
    check(live.do("sell 101") == 97)
    why('left("bolt")', "fresh")

    # What stands on a failure that is remembered for a while is fresh for no longer, and says so.
    check(live.do("card") == 2)
    record = why("card(0)", "fresh, for less than its ttl, as something it stands on ends sooner")
    check(record["left_ms"] <= 600000, record)
    why("card(1)", "fresh: the next call")

    # A cached body; an event; a region, a tag and a function over the socket; a batch.
    live.do("rude")
    why("users(20)", "by a call in rude", caller="rude")
    live.do("all")
    live.do("emit")
    record = why("users(10)", "invalidated", "by a call in the program", "(event:user.saved)", by="call", target="event:user.saved")
    check("caller" not in record and record["ago_ms"] >= 0 and record["at"] > 0, record)
    for target, keys in (("tag:item:nut", ['left("nut")', 'board("nut")']), ("region:shop.left", ['left("slow")', 'board("nut")']),
                         ("left", ['left("bolt")', 'board("bolt")'])):
        live.do("all")
        act("invalidate", target)
        for key in keys:
            record = why(key, "invalidated", "over the control socket", f"({target})", by="control", target=target)
            check(record["by_pid"] > 1, record)
    live.do("all")
    check(live.do("batch") == 1)
    why('board("nut")', "by a call in the program", '(left("nut"))', by="call")
    live.do("all")

    # Expired, by a verb and by a dependency that has another value now.
    act("expire", 'left("nut")')
    why('board("nut")', "expired", "over the control socket", '(left("nut"))', by="control", state="stale")
    check(live.do("drain") == 1)
    live.do("all")
    check(live.do("drain") == 1)
    why('board("bolt")', "fresh")
    live.do("sell 0")
    live.do("all")
    act("set", "left", "wait=6s")
    live.do("pieces 5")
    act("refresh", 'left("bolt")')
    check(await_that(lambda: explain('board("bolt")')["state"] == "stale"), explain('board("bolt")'))
    why('board("bolt")', "expired", 'because the value of left("bolt") changed', by="change", target='left("bolt")')

    # What it was to stand on was invalidated before its body asked for it.
    live.do("hold")
    act("invalidate", 'left("slow")')
    check(live.do("release") == 0)
    why('late("slow")', "not stored: invalidated while it was computed", "over the control socket", '(left("slow"))', by="control")

    # A tag that is too long: nothing could take the result out, so it is not kept, and that is said.
    check(live.do("long tag") == 1)
    why("named(1)", "not stored: a tag that its body gave it is empty, or longer than 1023 characters")

    # As many tags as a result can have, all of which take it out; and one more.
    live.do("tags 2040")
    why("tagged(2040)", "fresh")
    why("whole(2040)", "fresh")
    act("invalidate", "tag:part:2039")
    why("whole(2040)", "invalidated", "(tag:part:2039)")
    live.do("tags 2049")
    why("tagged(2049)", "not stored: more than 2048 tags and keys that it stands on")
    why("whole(2049)", "not stored: more than 2048 tags and keys that it stands on")

    # The nearest key, and the argument that differs.
    record = why('left("bold")', "never computed", differs="item", asked='"bold"')
    check(record["nearest"] == f"left({record['stored']})", record)

    # Of functions of one name those are explained that the call fits, and the others are told.
    check(live.do("twins") == 3)
    for call, lines in (("twin(1)", ("fresh", "unfit")), ('twin("x", 1)', ("unfit", "fresh")), ('twin("y", 1)', ("unfit", "none"))):
        found = swrctl("explain", call, "--json", directory=directory)
        by_file = {r["file"].split("/")[-1]: r for r in found.records}
        check(found.status == 0 and tuple(by_file[f]["state"] for f in ("reasons.c", "twin.c")) == lines, found)
        other = by_file["twin.c" if lines[0] == "fresh" else "reasons.c"]
        check(f"another of that name: twin has {2 if lines[0] == 'fresh' else 1} argument" in other["why"], other)
        check(all(r["line"] > 0 for r in by_file.values()), found)
    found = swrctl("explain", "twin(1, 2, 3)", directory=directory)
    check(found.status == 1 and "twin has " in found.err, found)
    check("file" not in explain("users(10)"))

    # Targets of writers that can match nothing are told before they were ever used, by swrctl and in the log.
    def complaints():
        return [r["complaint"] for r in swrctl("stats", "--json", directory=directory).records if "complaint" in r]

    told = complaints()
    for line in ('mistaken: its target "lefd(%d)" can match nothing: there is no cached function lefd',
                 'mistaken: its target "left(%d, %s)" can match nothing: left has 1 argument, not 2; write left(item) with * for any',
                 'mistaken: its target "left("%s)" can match nothing: a quote opened at character 6'):
        check(len([c for c in told if c.startswith(line)]) == 1, (line, told))
    check([c for c in told if not c.startswith("mistaken")] ==
          ['a tag\'s name: "%01024d": longer than 1023 characters'] +
          [f"{name}: a result is not stored: more than 2048 tags and keys that it stands on" for name in ("tagged", "whole")], told)
    check(len(told) == 6, told)
    with open(f"{directory}/log") as log:
        check([line for line in log.read().splitlines()] == told, told)
    check(live.do("mistaken") == 2)
    why('left("nut")', "invalidated", "by a call in mistaken", "(region:shop.left)")

finish()
