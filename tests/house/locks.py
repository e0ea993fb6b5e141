#!/usr/bin/env python3
"""Do lib/base/locks.def, the sources and the table of lib/README.md know the same locks?

usage: locks.py SOURCE            compares; the exit status is 1 where they differ
       locks.py SOURCE --write    makes the table of lib/README.md anew
       locks.py --planted         plants what is wrong, and sees that it is found
"""

import os
import re
import sys
import tempfile

ROW = re.compile(r'^LOCK_(ONE|MANY)\((\w+), "([^"]+)",\s*"([^"]+)"\)$', re.M)
HEAD = "| lock | guards |\n|---|---|\n"


def rows_of(source):
    with open(os.path.join(source, "lib/base/locks.def"), encoding="utf-8") as f:
        return ROW.findall(f.read())


def table_of(rows):
    def named(kind, name, file):
        what = f"`{name}_lock`" if kind == "ONE" else f"`{name}_locks()`, one at a time"
        return f"{what} (`{file}`)"

    return HEAD + "".join(f"| {named(kind, name, file)} | {guards} |\n" for kind, name, file, guards in rows)


def table_in(readme):
    """Where the table stands: its first and last character; and all of the text."""
    with open(readme, encoding="utf-8") as f:
        text = f.read()
    start = text.index(HEAD)
    end = start
    while text.startswith("|", end):
        end = text.index("\n", end) + 1
    return start, end, text


def sources(lib):
    for folder, _, files in os.walk(lib):
        for name in sorted(files):
            path = os.path.join(folder, name)
            if name.endswith((".c", ".h")) and not path.endswith(("base/lock.h", "base/lock.c")):
                with open(path, encoding="utf-8") as f:
                    yield os.path.relpath(path, lib), f.read()


def complaints(source):
    rows, said, found = rows_of(source), [], {}
    lib = os.path.join(source, "lib")
    many = {file for kind, _, file, _ in rows if kind == "MANY"}
    for path, text in sources(lib):
        for name in re.findall(r"^LOCK\((\w+)\);", text, re.M):
            found.setdefault(name, []).append(path)
        # A lock in a structure or an array is one of many; by any other definition it is in no order.
        for line in re.findall(r"^.*\bstruct lock \w+[;[ =].*$", text, re.M):
            if path not in many:
                said.append(f"{path}: a lock without a row in base/locks.def: {line.strip()}")
    for kind, name, file, _ in rows:
        if kind == "ONE" and found.get(name, []) != [file] and set(found.get(name, [])) != {file}:
            said.append(f"{name}_lock is defined in {found.get(name, 'no file')}, not in {file}")
        if kind == "MANY" and not os.path.exists(os.path.join(lib, file)):
            said.append(f"{name}_locks(): there is no {file}")
    for name in sorted(set(found) - {name for _, name, _, _ in rows}):
        said.append(f"{name}_lock has no row in base/locks.def")
    start, end, text = table_in(os.path.join(lib, "README.md"))
    if text[start:end] != table_of(rows):
        said.append("lib/README.md has another table of locks: tests/house/locks.py SOURCE --write")
    return said


def planted():
    good = 'LOCK_ONE(a, "x/a.c", "this")\nLOCK_MANY(b, "x/b.c", "that")\n'
    files = {
        "lib/base/locks.def": good,
        "lib/x/a.c": "LOCK(a);\n",
        "lib/x/b.c": "static struct b {\n    struct lock lock;\n} all[8];\n",
    }
    plants = {
        None: 0,
        ("lib/x/b.c", files["lib/x/b.c"] + "LOCK(c);\n"): 1,
        ("lib/x/a.c", files["lib/x/a.c"] + "static struct lock secret;\n"): 1,
        ("lib/x/a.c", ""): 1,
        ("lib/README.md", "## Locks\n\n" + table_of(ROW.findall(good)).replace("that", "something else")): 1,
    }
    failed = 0
    for plant, expected in plants.items():
        with tempfile.TemporaryDirectory() as tmp:
            here = dict(files, **{"lib/README.md": "## Locks\n\n" + table_of(ROW.findall(good))})
            here.update([plant] if plant else [])
            for path, text in here.items():
                os.makedirs(os.path.join(tmp, os.path.dirname(path)), exist_ok=True)
                with open(os.path.join(tmp, path), "w", encoding="utf-8") as f:
                    f.write(text)
            said = complaints(tmp)
            if len(said) != expected:
                print(f"planted {plant}: {said}, not {expected} complaints")
                failed = 1
    return failed


def main():
    if sys.argv[1:] == ["--planted"]:
        return planted()
    source = sys.argv[1]
    if sys.argv[2:] == ["--write"]:
        readme = os.path.join(source, "lib/README.md")
        start, end, text = table_in(readme)
        with open(readme, "w", encoding="utf-8") as f:
            f.write(text[:start] + table_of(rows_of(source)) + text[end:])
    said = complaints(source)
    for line in said:
        print(line)
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
