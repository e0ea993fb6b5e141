"""Regions, tags, events, patterns, dependencies and the dictionary as swrctl shows and steers them."""

from harness import DONE, FAILED, NOTHING, SWRCTL, USAGE, Directory, Live, check, finish, steering, swrctl

with Directory() as directory:
    run, records = steering(directory)

    with Live(directory, SWR_CLOCK="manual") as live:
        # Inherited, and said from where.
        by_name = {f["name"]: f for f in records("functions", "-v")}
        check((by_name["stock"]["ttl_ms"], by_name["stock"]["ttl_from"]) == (50000, "region shop"), by_name["stock"])
        check(by_name["users"]["ttl_from"] == "default")
        check(records("set", "region:shop.stock", "ttl=2m")[0]["matched"] == 1)
        by_name = {f["name"]: f for f in records("functions", "-v")}
        check((by_name["stock"]["ttl_ms"], by_name["stock"]["ttl_from"]) == (120000, "region shop.stock, set"))
        check(by_name["page"]["ttl_ms"] == 50000)
        check("shop..x" in run(FAILED, "set", "region:shop..x", "ttl=2m").err)
        # Taken back: what counted before counts again, for the entries there are as well.
        check({e["left_ms"] > 100000 for e in records("inspect", "stock")} == {True})
        check(records("set", "region:shop.stock", "ttl=unset")[0]["matched"] == 1)
        by_name = {f["name"]: f for f in records("functions", "-v")}
        check((by_name["stock"]["ttl_ms"], by_name["stock"]["ttl_from"]) == (50000, "region shop"), by_name["stock"])
        check({e["left_ms"] <= 50000 for e in records("inspect", "stock")} == {True})
        check("no region gone here" in run(NOTHING, "set", "region:gone", "ttl=unset").err)
        check("shop..x" in run(FAILED, "set", "region:shop..x", "ttl=unset").err)
        check(records("set", "page", "ttl=5s", "stale=5s", "ttl=unset")[0]["matched"] == 1)
        page = {f["name"]: f for f in records("functions", "-v")}["page"]
        check((page["ttl_ms"], page["ttl_from"], page["stale_ms"], page["stale_from"]) ==
              (50000, "region shop", 5000, "set"), page)
        check(records("set", "page", "stale=unset", "max_entries=unset")[0]["matched"] == 1)
        page = {f["name"]: f for f in records("functions", "-v")}["page"]
        check((page["stale_ms"], page["stale_from"]) == (None, "annotation"), page)
        check(records("set", "region:shop.stock", "ttl=2m")[0]["matched"] == 1)

        regions = {r["region"]: r for r in records("regions")}
        check(list(regions) == ["shop", "shop.notes", "shop.stock"], regions)
        check((regions["shop"]["functions"], regions["shop"]["entries"]) == (3, 6), regions)
        check(regions["shop.stock"]["entries"] == 3 and regions["shop.notes"]["dictionary"] == "yes", regions)
        check(regions["shop"]["bytes"] > regions["shop.stock"]["bytes"] > 0)
        # Drawn: what is within stands under it, by its last part; in characters that the locale has.
        for locale, below, last in (("C.UTF-8", "├─ ", "└─ "), ("C", "|- ", "`- ")):
            drawn = swrctl("regions", directory=directory, LC_ALL=locale).out.splitlines()
            check([line[:10].split("  ")[0] for line in drawn] == ["REGION", "shop", below + "notes", last + "stock"], drawn)
            check([line.split()[-1] for line in drawn[1:]] == ["no", "yes", "no"], drawn)
        tags = {t["tag"]: t["entries"] for t in records("tags")}
        check(tags == {"people": 5, "item:bolt": 2, "item:nut": 2, "item:gear": 1}, tags)

        # What stands on what.
        tree = {e["key"]: e for e in records("inspect", "--tree")}
        check(tree['page("bolt")'].get("stands_on") == 'stock("bolt")', tree['page("bolt")'])
        check(tree['stock("bolt")'].get("stood_on_by") == 'page("bolt")', tree['stock("bolt")'])
        check("stood_on_by" not in tree['stock("gear")'])
        check('stands_on' in run(DONE, "inspect", "page", "--tree").out)
        check('shop.notes(x"6b")' in tree, list(tree))

        f = {f["name"]: f for f in records("functions", "-v")}
        check((f["stock"]["region"], "region" in f["users"]) == ("shop.stock", False), f)
        check(f["users"]["invalidate_on"] == "user.saved (annotation)" and "expire_on" not in f["users"], f["users"])

        # A dictionary's keys are named as bytes or as text; nobody computes it.
        check(records("expire", 'shop.notes("k")', "--dry-run")[0]["matched"] == 1)
        check(records("expire", 'shop.notes(x"6b")', "--dry-run")[0]["matched"] == 1)
        check("never put: it is not found" in run(DONE, "explain", 'shop.notes("none")').out)
        check("the next get gets" in run(DONE, "explain", 'shop.notes("k")').out)

        check("is a dictionary" in run(FAILED, "refresh", "shop.notes").err)
        run(NOTHING, "refresh", "region:shop.notes")
        check(records("expire", 'shop.notes("k")')[0]["matched"] == 1)
        check("found no more until it is put again" in run(DONE, "explain", 'shop.notes("k")').out)
        check([(e["state"], "left_ms" in e) for e in records("inspect", "shop.notes")] == [("dead", False)])
        run(NOTHING, "expire", 'shop.notes("k")')
        check(live.do("all") >= 0)

        # What could never match is a mistake, told with the cure.
        for target, why in (("stock(bolt)", "is a text: write it in double quotes"), ("users(>=x)", "is a number"),
                            ("stock(>1)", "is no number"), ("shop.notes(k)", 'is bytes: write x"0a0b"')):
            check(why in run(FAILED, "invalidate", target).err, (target, why))
        check("entries of 1 function would be reached" in run(DONE, "emit", "user.saved", "--dry-run").out)

        # Dry first, then done; dependents follow; what matches nothing says so.
        check(records("invalidate", 'stock("bolt")', "--dry-run")[0]["matched"] == 1)
        check(live.do("all") == 0)
        check(records("invalidate", 'stock("bolt")')[0]["matched"] == 1)
        check(live.do("all") == 2)
        check(records("invalidate", "tag:item:nut")[0]["matched"] == 2)
        check(live.do("all") == 2)
        check("no entry goes by the tag" in run(NOTHING, "invalidate", "tag:item:none").err)
        check("no region" in run(NOTHING, "invalidate", "region:none").err)
        emitted = records("emit", "user.saved", "--dry-run")[0]
        check((emitted["matched"], emitted["functions"]) == (5, 1), emitted)
        check(live.do("all") == 0)
        check(records("emit", "user.saved")[0]["matched"] == 5)
        check("nobody listens" in run(NOTHING, "emit", "user.gone").err)
        check(live.do("all") == 5)
        check(records("invalidate", "users(>=30)")[0]["matched"] == 2)
        check(records("invalidate", "region:shop")[0] == {"pid": live.pid, "matched": 6, "functions": 3})
        check(live.do("all") == 7)
        check(run(NOTHING, "invalidate", "users", "--older-than", "5m").status == NOTHING)
        check(run(NOTHING, "invalidate", "all", "--larger-than", "1M").status == NOTHING)
        check(records("invalidate", "users", "--older-than", "0s", "--larger-than", "8")[0]["matched"] == 5)
        check("--older-than takes a time" in run(USAGE, "invalidate", "users", "--older-than", "soon").err)

        # A tree with more than a page of branches; a name's other characters do not come between it and its own.
        check(live.do("regions") == 3000)
        names = [r["region"] for r in records("regions")]
        check(len(names) == 3003 and len(set(names)) == 3003, len(names))
        at = names.index("many")
        check(names[at:at + 3] == ["many", "many.0", "many.10"] and names[-1] == "shop.stock", names[at:at + 3])
        check(names.index("many-too") == names.index("many.r999") + 1, names[-10:])
        drawn = swrctl("regions", directory=directory, LC_ALL="C").out.splitlines()
        check(drawn[at + 1].split()[0] == "many" and drawn[at + 2].startswith("|- 0 ") and len(drawn) == 3004, drawn[at:at + 4])
        check(live.do("tags") == 9000)
        tags = [t["tag"] for t in records("tags")]
        check(len(tags) == 9000 + 3 and len(set(tags)) == len(tags), len(tags))

        # Who did it.
        live.do("all")
        live.do("emit")
        acts = records("audit")
        check([a["target"] for a in acts][-1] == "event:user.saved", acts[-1])
        why = run(DONE, "explain", "users(10)").out
        check("invalidated" in why, why)
    # Settings from outside: the environment counts more than a file, both more than what is annotated.
    config = f"{directory}/shop.ini"
    with open(config, "w") as file:
        file.write("[region:shop]\nttl = 40s\nwait = 7s\n\n[region:shop.stock]\nttl = 2m\ninvalidate_on = count over\n"
                   "[function:page]\nstale = 3s\nretry = 4s\nexpire_on = over\n[function:pages]\nttl = 1s\n")
    found = run(DONE, "check", config)
    check("settings for 4, 0 mistakes" in found.out, found)
    with Live(directory, through=(SWRCTL, "run", "--config", config, "--"),
              SWR_SETTINGS=' page stale="9s" ; region:shop.stock ttl=3m\nregion:shop jitter_pct=0;') as live:
        by_name = {f["name"]: f for f in records("functions", "-v")}
        for name, setting, value, source in (
                ("page", "stale_ms", 9000, "environment"), ("page", "retry_ms", 4000, "config"),
                ("page", "ttl_ms", 40000, "region shop, config"), ("page", "wait_ms", 7000, "region shop, config"),
                ("stock", "ttl_ms", 180000, "region shop.stock, environment"),
                ("stock", "wait_ms", 7000, "region shop, config"),
                ("stock", "jitter_pct", 0, "region shop, environment"),
                ("users", "ttl_ms", 30000, "default"), ("shop.notes", "wait_ms", 7000, "region shop, config")):
            f = by_name[name]
            check((f[setting], f[setting.removesuffix("_ms") + "_from"]) == (value, source), (name, setting, f))
        check(records("set", "region:shop", "wait=1s")[0]["matched"] == 3)
        by_name = {f["name"]: f for f in records("functions", "-v")}
        check((by_name["page"]["wait_ms"], by_name["page"]["wait_from"]) == (1000, "region shop, set"))
        check(by_name["stock"]["invalidate_on"].endswith("count (settings of region shop.stock), over (settings of region shop.stock)"),
              by_name["stock"])
        check(by_name["page"]["expire_on"] == "over (settings)", by_name["page"])
        emitted = records("emit", "count")[0]
        check((emitted["matched"], emitted["functions"]) == (3, 1), emitted)
        live.do("all")
        emitted = records("emit", "over", "--dry-run")[0]
        check((emitted["matched"], emitted["functions"]) == (5, 2), emitted)
        # Who wrote a name wrong is told.
        complaints = [r["complaint"] for r in records("stats") if "complaint" in r]
        check(complaints == ["settings for pages: there is no cached function of that name"], complaints)

    # Mistakes: in a file by its line and column, before the program starts; in the environment by the character.
    with open(config, "w") as file:
        file.write('[region:shop]\nttl = soon\ninvalidate_on = a "b\nttls = 1s\nttl = 1s\nttl = 2s\n[region:shop..x]\n'
                   "[function:a.b]\n[function:page]\nregion = x\nsecret = yes\n")
    found = run(FAILED, "check", config)
    for line in ("2:7: ttl=soon is no duration", "3:17: invalidate_on=a \"b: names separated by blanks", "4:1: no setting 'ttls'",
                 "5:1: ttl is said twice", "7:9: a region's name is", "8:11: a function's name",
                 "10:1: no setting 'region'", "11:1: no setting 'secret'", "settings for 2, 9 mistakes"):
        check(line in found.text, (line, found.text))
    check("2:7: ttl=soon" in run(USAGE, "run", "--config", config, "--", "true").err)
    with Live(directory, SWR_SETTINGS='region:shop ttl=soon wait=3s; region:..; page(1) ttl=1s; page ttls=1s =3 ttl stale="5s') as live:
        complaints = [r["complaint"] for r in records("stats") if "complaint" in r]
        for n, start in enumerate(("SWR_SETTINGS, character 13: ttl=soon: write a time", "SWR_SETTINGS, character 31: region:..: write",
                                   "SWR_SETTINGS, character 42: page(1): write", "SWR_SETTINGS, character 63: no setting ttls; there are: ttl",
                                   "SWR_SETTINGS, character 71: =: write NAME=VALUE", "SWR_SETTINGS, character 74: ttl: write NAME=VALUE",
                                   "SWR_SETTINGS, character 84: the closing quote")):
            check(len(complaints) == 7 and complaints[n].startswith(start), (start, complaints))
        by_name = {f["name"]: f for f in records("functions", "-v")}
        check(by_name["stock"]["wait_from"] == "region shop, environment", by_name["stock"])

finish()
