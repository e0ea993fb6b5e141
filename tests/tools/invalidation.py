"""Regions, tags, events, patterns, dependencies and the dictionary as swrctl shows and steers them."""

from harness import Directory, Live, check, finish, swrctl

DONE, FAILED, USAGE, NOTHING = range(4)

with Directory() as directory:

    def run(status, *arguments):
        found = swrctl(*arguments, directory=directory)
        check(found.status == status, f"{arguments} gave {found}")
        return found

    def records(*arguments):
        return run(DONE, *arguments, "--json").records

    with Live(directory) as live:
        # Inherited, and said from where.
        by_name = {f["name"]: f for f in records("functions", "-v")}
        check((by_name["stock"]["ttl_ms"], by_name["stock"]["ttl_from"]) == (50000, "region shop"), by_name["stock"])
        check(by_name["users"]["ttl_from"] == "default")
        check(records("set", "region:shop.stock", "ttl=2m")[0]["matched"] == 1)
        by_name = {f["name"]: f for f in records("functions", "-v")}
        check((by_name["stock"]["ttl_ms"], by_name["stock"]["ttl_from"]) == (120000, "region shop.stock"))
        check(by_name["page"]["ttl_ms"] == 50000)
        check("shop..x" in run(FAILED, "set", "region:shop..x", "ttl=2m").err)

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
        check("older is a time" in run(FAILED, "invalidate", "users", "--older-than", "soon").err)

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

finish()
