"""swrctl mode and swrctl observe against a live process: what calls come to, and what is told of it."""

import json

from harness import DONE, FAILED, NOTHING, USAGE, Directory, Live, check, finish, steering, swrctl

with Directory() as directory:
    run, records = steering(directory)

    def functions():
        return {f["name"]: f for f in records("functions")}

    with Live(directory, first=("calls 1", "note"), SWR_CLOCK="manual", SWR_LOG=f"{directory}/log") as live:
        # As annotated.
        known = functions()
        check((known["stock"]["mode"], known["stock"]["mode_from"], known["stock"]["percent"]) == ("on", "default", 100))
        check((known["page"]["mode"], known["page"]["mode_from"], known["page"]["percent"]) == ("on", "annotation", 25))
        check("mode_left_ms" not in known["stock"], known["stock"])
        live.do("calls 100")
        page = functions()["page"]
        check(10 < page["entries"] < 45 and page["bypasses"] >= 100 - page["entries"], page)
        check("% of the keys are cached" in run(DONE, "explain", "page(1000)").out)

        # Off, and on again by itself.
        check(records("mode", "stock", "off", "--for", "10s") == [{"pid": live.pid, "matched": 1}])
        stock = functions()["stock"]
        check((stock["mode"], stock["mode_from"], stock["mode_then"]) == ("off", "set", "on"), stock)
        check(stock["mode_left_ms"] == 10000 and stock["percent_then"] == 100, stock)
        check("off, on in 10 s" in run(DONE, "functions").out)
        check("stock is off: the next call goes straight to the function" in run(DONE, "explain", 'stock("nut", _)').out)
        before = functions()["stock"]["bypasses"]
        live.do("calls 4")
        check(functions()["stock"]["bypasses"] == before + 4)
        live.do("advance 9000")
        check(functions()["stock"]["mode"] == "off")
        live.do("advance 1000")
        stock = functions()["stock"]
        check((stock["mode"], stock["mode_from"]) == ("on", "default") and "mode_left_ms" not in stock, stock)
        live.do("calls 4")
        check(functions()["stock"]["bypasses"] == before + 4)

        # A part of the keys; which, is told of each.
        run(DONE, "mode", "page", "on", "--percent", "60")
        run(DONE, "invalidate", "page")
        live.do("calls 200")
        page = functions()["page"]
        check(90 < page["entries"] < 150 and page["percent"] == 60 and page["mode_from"] == "set", page)
        check("on 60%" in run(DONE, "functions").out)
        run(DONE, "mode", "page", "on", "--percent=20")
        told = [run(DONE, "explain", e["key"]).out for e in records("inspect", "page")]
        left = sum("not among the 20 % of the keys that are cached" in text for text in told)
        check(len(told) * 0.4 < left < len(told) * 0.9, (left, len(told)))

        # Counted, and reported as advise does.
        check(run(NOTHING, "observe").err == "swrctl: no function is or was in mode observe; begin it with "
              "swrctl mode all observe --for 10m\n")
        run(DONE, "mode", "all", "observe")
        check({f["mode"] for name, f in functions().items() if name != "shop.notes"} == {"observe"}, functions())
        text = run(DONE, "observe").out
        check(text.startswith("\nnot called:") and set(text.split()[2:]) == {"stock", "page", "shelf"}, text)
        live.do("calls 10")
        live.do("calls 10")
        observed = {f["name"]: f for f in records("observe", str(live.pid))}
        check(set(observed) == {"stock", "page", "shelf"}, observed)
        stock = observed["stock"]
        check((stock["calls"], stock["keys"], stock["changes"], stock["not_compared"]) == (20, 5, 0, 0), stock)
        check((stock["ns"], stock["during_ns"]) == (40000000, 40000000), stock)
        check((stock["hits_1s"], stock["saved_ns_1s"], stock["outdated_1s"]) == (15, 30000000, 0), stock)
        check(observed["shelf"]["not_compared"] == 20, observed["shelf"])
        live.do("advance 3000")
        live.do("world 1")
        live.do("calls 5")
        stock = {f["name"]: f for f in records("observe", "-p", str(live.pid))}["stock"]
        check((stock["changes"], stock["shortest_ns"], stock["outdated_10s"], stock["hits_1s"]) == (5, 3040000000, 5, 15),
              stock)
        text = run(DONE, "observe", str(live.pid)).out
        for said in ("stock: 25 calls of 5 keys, 50.0 ms", "the result changed 5 times for an unchanged key", "60.0 %",
                     f"swrctl -p {live.pid} set stock ttl=1s stale=0 && swrctl -p {live.pid} mode stock on\n",
                     "results cannot be compared without a codec"):
            check(said in text, f"{said!r} in {text}")
        run(USAGE, "observe", str(live.pid), "-a")
        run(DONE, "mode", "all", "on")
        check(len(records("observe")) == 3)
        check(f"swrctl -p {live.pid} set stock ttl=1s stale=0\n" in run(DONE, "observe").out)
        live.do("world 0")

        # Compared; where the answers differ caching ends, also if it was for a while only.
        live.do("calls 5")
        live.do("world 0")
        run(DONE, "invalidate", "all")
        live.do("calls 5")
        left = run(DONE, "mode", "region:shop", "shadow", "--for", "1h")
        check("left out: shelf: its objects cannot be compared without a codec" in left.err, left)
        live.do("calls 200")
        known = functions()
        check(known["stock"]["mode"] == "shadow" and known["shelf"]["mode"] == "on", known)
        check(known["stock"]["compared"] >= 12 and known["stock"]["differed"] == 0, known["stock"])
        heading = run(DONE, "functions").out.splitlines()[0]
        check("COMPARED" in heading and "DIFFERED" in heading, heading)

        # What its writer takes back is not wrong, ...
        def complaints():
            return [r["complaint"] for r in records("stats") if "stock: shadow: " in r.get("complaint", "")]

        live.do("world 8")
        live.do("calls 200")
        run(DONE, "invalidate", "all")
        live.do("advance 150")
        stock = functions()["stock"]
        check((stock["mode"], stock["differed"], complaints()) == ("shadow", 0, []) and stock["disturbed"] >= 12, stock)
        check("differed_key" not in stock, stock)
        # ... what nobody does is; which, and how, is told.
        live.do("calls 50")
        live.do("world 7")
        live.do("calls 100")
        check(functions()["stock"]["differed"] == 0)
        live.do("advance 150")
        stock = functions()["stock"]
        check(stock["mode"] == "shadow" and 5 <= stock["differed"] <= 8, stock)
        key = json.loads(stock["differed_key"][len("stock("):].split(",")[0])
        check((stock["differed_kept"], stock["differed_given"]) ==
              (f"{len(key)} {{left={len(key) + 8}}}", f"{len(key)} {{left={len(key) + 7}}}"), stock)
        check(0 < stock["differed_age_ms"] < 1000, stock)
        said = complaints()
        check(len(said) == 1 and "the function gave" in said[0] and "not cached any more" not in said[0], said)
        told = records("explain", stock["differed_key"])[0]
        check(told["differed_key"] == stock["differed_key"], told)
        rounds = 0
        while functions()["stock"]["mode"] == "shadow" and rounds < 100:
            live.do("calls 20")
            live.do("advance 250")
            rounds += 1
        check(16 < rounds <= 33, rounds)
        stock = functions()["stock"]
        check((stock["mode"], stock["mode_from"]) == ("off", "shadow") and stock["differed"] > 16, stock)
        check("off by shadow" in run(DONE, "functions").out)
        check("stock is off by shadow, as its answers differed" in run(DONE, "explain", 'stock("nut", _)').out)
        check("it is not cached any more" in complaints()[0], complaints())
        check(records("stats")[0]["differed"] >= stock["differed"])
        with open(f"{directory}/log") as log:
            lines = [line for line in log if line.startswith("stock: shadow: ")]
            check(len(lines) == 2 and "it is not cached any more" in lines[1], lines)
        live.do("advance 3600000")
        known = functions()
        check(known["stock"]["mode"] == "off" and known["page"]["mode"] in ("on", "off"), known)

        # It can be tried again: counting begins anew.
        run(DONE, "invalidate", "all")
        run(DONE, "mode", "stock", "shadow")
        live.do("calls 200")
        check(functions()["stock"]["mode"] == "shadow" and "differed_key" not in functions()["stock"])
        check(complaints() == [], complaints())
        # How many are too many is a setting; 100: only told.
        run(DONE, "set", "stock", "shadow_pct=100")
        check("write a number from 1 to 100" in run(USAGE, "set", "stock", "shadow_pct=0").err)
        live.do("world 9")
        for _ in range(40):
            live.do("calls 20")
            live.do("advance 250")
        stock = functions()["stock"]
        check((stock["mode"], stock["shadow_pct"], stock["shadow_pct_from"]) == ("shadow", 100, "set"), stock)
        check(" answers differed from the function's while fresh" in complaints()[0], complaints())
        run(DONE, "set", "stock", "shadow_pct=unset")
        run(DONE, "mode", "all", "on")
        check(complaints() == [], complaints())

        # What is wrong is told with the cure.
        for arguments, cure in {
                ("restock", "off"): "restock is a writer: it always runs; modes are of cached functions",
                ("shop.notes", "off"): "shop.notes: a dictionary",
                ("shelf", "shadow"): "shelf: its objects cannot be compared without a codec (SWR_CODEC, SWR_ENCODER); observe",
                ("region:a..b", "off"): "write letters, digits"}.items():
            check(cure in run(FAILED, "mode", *arguments).err, arguments)
        for arguments, cure in {
                ("stock", "on", "--for", "soon"): "--for takes a time such as 10m, 20s, 1h, not soon",
                ("stock", "on", "--for", "0"): "--for takes a time such as 10m, 20s, 1h, not 0",
                ("stock", "on", "--percent", "101"): "--percent takes a number from 1 to 100, not 101",
                ("stock", "on", "--percent", "few"): "--percent takes a number from 1 to 100, not few",
                ("stock", "off", "--percent", "5"): "off is of every key"}.items():
            check(cure in run(USAGE, "mode", *arguments).err, arguments)
        check("mode takes a function and observe, shadow, on or off (or unset), not often" in run(USAGE, "mode", "stock", "often").err)
        check("no function stack here; there are:" in run(NOTHING, "mode", "stack", "off").err)
        check("those to come begin so" in run(NOTHING, "mode", "region:later", "off").err)
        check("nothing matched: its objects cannot be compared" in run(NOTHING, "mode", "region:shop.shelves", "shadow").err)
        check({f["mode"] for f in functions().values()} == {"on"}, functions())

    # How functions begin: by the environment, all or each; by their region.
    with Live(directory, first=("calls 20",), SWR_MODE="observe") as live:
        stock = functions()["stock"]
        check((stock["mode"], stock["mode_from"], stock["bypasses"]) == ("observe", "environment", 20), stock)
    with Live(directory, first=("calls 1",), SWR_MODE="sometimes",
              SWR_SETTINGS="region:shop mode=shadow percent=40; page mode=off; shelf percent=0 mode=late") as live:
        known = functions()
        check((known["stock"]["mode"], known["stock"]["percent"], known["stock"]["mode_from"]) ==
              ("shadow", 40, "region shop, environment"), known["stock"])
        check((known["page"]["mode"], known["page"]["mode_from"]) == ("off", "environment"), known["page"])
        check(known["shelf"]["mode"] == "on", known["shelf"])
        said = [r["complaint"] for r in records("stats") if "complaint" in r]
        for complaint in ("SWR_MODE=sometimes: not on, off, shadow or observe; ignored", "percent=0: write a number from 1 to 100",
                          "mode=late: write observe, shadow, on or off", "shelf: mode=shadow: its objects cannot be compared"):
            check(any(complaint in line for line in said), f"{complaint!r} in {said}")

finish()
