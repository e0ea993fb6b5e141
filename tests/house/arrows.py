#!/usr/bin/env python3
"""Do all uses in lib/ go down? By the symbols of the object files and by the includes of the sources.

usage: arrows.py BUILD SOURCE LAYER...     the layers from the ground up, as lib/meson.build has them
       arrows.py --planted CC...           plants uses that run up, and circles, and sees that they are found

Prints each use that runs up and each circle of files, then the line `N up, N circles`. The exit status is 1 where
something runs up, lies in no layer, or goes round in a circle that is not among the accepted ones.
"""

import json
import os
import re
import subprocess
import sys
import tempfile

# Two halves of one thing, in two languages.
ACCEPTED = [
    # A frame in assembly and the personality routine that unwinds it.
    {"guard.c", "guard_frame.S"},
    # A stub enters the runtime, and the runtime calls the function behind a stub through a stub's frame.
    {"stub_x86_64.S", "enter.c", "prepare.c", "replay.c"},
    {"stub_aarch64.S", "enter.c", "prepare.c", "replay.c"},
]

# What is beside the layers: who may include it from where.
BESIDE = {"names": {"names", "swrcache"}}


class House:
    def __init__(self, layers):
        self.floor = {layer: n for n, layer in enumerate(layers)}
        self.complaints = []
        self.uses = {}  # file -> the files that it uses by symbols

    def layer_of(self, path):
        return os.path.basename(os.path.dirname(path))

    def check(self, user, used, how):
        """A use goes down, or stays within its layer."""
        above, below = self.layer_of(user), self.layer_of(used)
        if above not in self.floor or below not in self.floor:
            self.complaints.append(f"no layer: {user} {how} {used}")
        elif self.floor[below] > self.floor[above]:
            self.complaints.append(f"up: {user} {how} {used}")

    def by_symbols(self, objects):
        """objects: pairs of a source's path below lib/ and its object file."""
        home, wanted = {}, []
        for source, path in objects:
            listing = subprocess.run(["nm", "-P", path], capture_output=True, text=True, check=True).stdout
            for line in listing.splitlines():
                name, kind = line.split()[:2]
                if kind == "U":
                    wanted.append((source, name))
                elif kind.isupper():
                    home[name] = source
        names = {}
        for source, name in wanted:
            if name in home and home[name] != source:
                names.setdefault((source, home[name]), []).append(name)
        for (user, used), symbols in sorted(names.items()):
            self.check(user, used, f"calls {', '.join(sorted(symbols))} of")
            self.uses.setdefault(user, set()).add(used)

    def by_includes(self, lib):
        for folder, _, files in sorted(os.walk(lib)):
            for file in sorted(files):
                if not file.endswith((".c", ".h", ".S", ".def")):
                    continue
                path = os.path.relpath(os.path.join(folder, file), lib)
                with open(os.path.join(folder, file), encoding="utf-8") as text:
                    included = re.findall(r'^#include "([^"]+)"', text.read(), re.M)
                beside = BESIDE.get(self.layer_of(path))
                for name in included:
                    top = name.split("/")[0] if "/" in name else None
                    if beside is not None:
                        if top is not None and top not in beside:
                            self.complaints.append(f"up: {path} includes {name}, which it may not see")
                    elif top is not None and top not in ("swrcache", "sys"):
                        self.check(path, name, "includes")

    def circles(self):
        """Strongly connected files, by Tarjan's algorithm."""
        index, low, stack, on_stack, found = {}, {}, [], set(), []

        def visit(file):
            index[file] = low[file] = len(index)
            stack.append(file)
            on_stack.add(file)
            for used in sorted(self.uses.get(file, ())):
                if used not in index:
                    visit(used)
                    low[file] = min(low[file], low[used])
                elif used in on_stack:
                    low[file] = min(low[file], index[used])
            if low[file] == index[file]:
                circle = set()
                while True:
                    member = stack.pop()
                    on_stack.discard(member)
                    circle.add(member)
                    if member == file:
                        break
                if len(circle) > 1:
                    found.append(circle)

        for file in sorted(self.uses):
            if file not in index:
                visit(file)
        return found

    def report(self):
        circles = [c for c in self.circles() if not any({os.path.basename(f) for f in c} <= a for a in ACCEPTED)]
        for line in self.complaints:
            print(line)
        for circle in circles:
            print(f"circle of {len(circle)}: {' '.join(sorted(circle))}")
        print(f"{len(self.complaints)} up, {len(circles)} circles")
        return not self.complaints and not circles


def product_objects(build):
    """The objects of the product: not the test builds, not the preset beside it."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as text:
        for command in json.load(text):
            source = os.path.normpath(os.path.join(command["directory"], command["file"]))
            output = command["output"]
            found = re.search(r"/lib/(.*)$", source)
            if found and output.startswith("lib/") and ".a.p/" in output and "-testing" not in output:
                yield found.group(1), os.path.join(command["directory"], output)


PLANTED = {
    "low/a.c": '#include "high/b.h"\nint high_b(void); int low_a(void); int low_a(void) { return high_b(); }\n',
    "high/b.c": "int low_a(void); int high_b(void); int high_b(void) { return low_a(); }\n",
    "high/b.h": "\n",
    "nowhere/c.c": "int low_a(void); int c(void); int c(void) { return low_a(); }\n",
}


def planted(compiler):
    with tempfile.TemporaryDirectory() as lib:
        for name, text in PLANTED.items():
            os.makedirs(os.path.dirname(os.path.join(lib, name)), exist_ok=True)
            with open(os.path.join(lib, name), "w", encoding="utf-8") as file:
                file.write(text)
        objects = [(name, os.path.join(lib, name + ".o")) for name in PLANTED if name.endswith(".c")]
        for name, path in objects:
            subprocess.run([*compiler, f"-I{lib}", "-c", os.path.join(lib, name), "-o", path], check=True)
        house = House(["low", "high"])
        house.by_symbols(objects)
        house.by_includes(lib)
        found = house.report()
        assert not found
        assert house.complaints == [
            "up: low/a.c calls high_b of high/b.c",
            "no layer: nowhere/c.c calls low_a of low/a.c",
            "up: low/a.c includes high/b.h",
        ], house.complaints
        assert house.circles() == [{"low/a.c", "high/b.c"}]


def main(words):
    if len(words) > 1 and words[0] == "--planted":
        planted(words[1:])
        return 0
    if len(words) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    build, source, layers = words[0], words[1], words[2:]
    house = House(layers)
    house.by_symbols(product_objects(build))
    house.by_includes(os.path.join(source, "lib"))
    if not house.uses:
        print("no object of lib/ was found: build first", file=sys.stderr)
        return 1
    return 0 if house.report() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
