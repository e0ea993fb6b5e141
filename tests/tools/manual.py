"""swrctl --help, swrctl(1), swrcache-control(7) and the tables in the source say the same; the examples run."""

import re
import shlex
import sys

from harness import Directory, Live, check, finish, swrctl

SOURCE = sys.argv[4]


def read(path):
    with open(f"{SOURCE}/{path}") as file:
        return file.read()


def plain(tokens):
    """Words of an mdoc line as a reader sees them."""
    words, option, glue = [], False, False
    for token in tokens:
        if token in ("Cm", "Ar", "Li", "Ic"):
            continue
        if token in ("Op", "Oo", "Oc", "Fl"):
            option |= token == "Op"
            if token == "Oc":
                words[-1] += "]"
            elif token == "Fl":
                words.append("[-" if glue else "-")
                glue = "Fl"
            else:
                glue = "["
            continue
        if glue == "Fl":
            words[-1] += token
        else:
            words.append("[" + token if glue else token)
        glue = False
    return " ".join(words) + ("]" if option else "")


def section(page, name):
    return re.search(rf"^\.Sh {name}\n(.*?)(?=^\.Sh |\Z)", page, re.S | re.M).group(1)


def items(text, macro):
    return [plain(line.split()[1:]) for line in text.splitlines() if line.startswith(f".It {macro} ")]


page, shown = read("tools/swrctl/swrctl.1"), swrctl("--help").out
helped = re.findall(r"^  (\S.*?)(?:  .*)?$", shown, re.M)
commands = [line for line in helped if not line.startswith("-") and not line.startswith("      ")]
check(items(section(page, "COMMANDS"), "Cm") == commands, f"{items(section(page, 'COMMANDS'), 'Cm')} {commands}")
check(len(commands) > 10)
options = [line for line in helped if line.startswith("-")]
check(items(section(page, "OPTIONS"), "Fl") == options, f"{items(section(page, 'OPTIONS'), 'Fl')} {options}")

table = re.findall(r'^RUN_OPTION\(.*?"(--[\w-]+)", "([^"]*)"', read("tools/swrctl/start/run_option.def"), re.M)
told = items(section(page, "PROGRAMS NOBODY COMPILES HERE"), "Fl")
check(told == [f"{name} {argument}".strip() for name, argument in table], f"{told} {table}")
for command, foreign in {"run": "--all-from", "advise": "--mode", "wrap": "--preset"}.items():
    shown_there = swrctl(command, "--help").out
    check("--wrap DECLARATION" in shown_there and foreign not in shown_there, shown_there)

targets = " ".join(re.findall(r"TARGET: (.+?)\nSettings", shown, re.S))
kinds = {re.sub(r"[^a-z(:].*", "", target) for target in items(section(page, "TARGETS"), "Li")}
check(len(kinds) > 5 and all(kind in targets for kind in kinds), f"{kinds} {targets}")

settings = re.findall(r"^SETTING\((\w+)", read("lib/runtime/setting/setting.def"), re.M)
check(re.findall(r"^\.It Va (\w+)", page, re.M) == settings, settings)
check(re.search(r"Settings: ([\w\s]+?)\nTimes", shown).group(1).split() == settings)
check(shown.splitlines()[-1].replace("Exit status: ", "") == section(page, "EXIT STATUS").splitlines()[0])

control = read("lib/control/swrcache-control.7")
told = {line.split()[2]: [w for w in line.split()[3:] if w not in ("Op", "Ar")]
        for line in control.splitlines() if line.startswith(".It Ic ")}
table = re.findall(r'^COMMAND\((\w+), (?:"([^"]*)"|NULL)', read("lib/control/command.def"), re.M)
check(list(told) == [verb for verb, _ in table], f"{list(told)} {table}")
for verb, fields in table:
    check(verb == "set" or told.get(verb) == fields.split(), f"{verb}: {told.get(verb)}, {fields}")

examples = re.findall(r"^\.Dl (swrctl .*)$", page, re.M)
check(len(examples) >= 8)
with Directory() as directory, Live(directory) as live:
    for example in examples:
        words = shlex.split(example.replace(r"\(aq", "'").replace(r"\(dq", '"'))
        words = [str(live.pid) if word == "4711" else word for word in words[1:]]
        found = swrctl(*words, directory=directory)
        check(found.status == 0 and found.out != "" or words[2] == "set" and found.status == 0, f"{example}: {found}")

finish()
