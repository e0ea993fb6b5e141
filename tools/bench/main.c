/*
 * main.c - swrbench: what a cached call costs, beside what it could cost at the least.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <swrcache/abi.h>

#include "command/command.h"
#include "command/idle.h"
#include "measure/goal.h"
#include "replay/replay.h"

static const struct command {
    const char *name;
    int (*run)(const struct settings *settings);
    const char *args; /* what may follow, NULL: nothing */
} commands[] = {
    {"hit", bench_hit, NULL},
    {"stale", bench_stale, NULL},
    {"stampede", bench_stampede, NULL},
    {"edge", bench_edge, NULL},
    {"order", bench_order, "[TRACE...]"},
    {"invalidate", bench_invalidate, NULL},
    {"compare", bench_compare, NULL},
    {"start", bench_start, NULL},
    {"lines", bench_lines, NULL},
    {"wrap", bench_wrap, NULL},
    {"names", bench_names, NULL},
    {"memory", bench_memory, "[ENTRIES...]"},
    {"replay", bench_replay, "[TRACE...]"},
    {"idle", bench_idle, NULL},
};

static const char help[] =
    "usage: swrbench [OPTION...] COMMAND [ARGUMENT...]\n"
    "\n"
    "  hit           a hit, beside an empty function and the floor: a bare lookup with\n"
    "                hash, probe, compare and copy. 1,000 and 1,000,000 entries, numbers\n"
    "                and strings, 1 and 2 threads and more where there are cores\n"
    "  stale         how long callers wait while hot entries grow stale and are refreshed\n"
    "  stampede      64 threads ask for one cold key at once\n"
    "  edge          1,000 keys grow stale at once: the callers' p99.9 and worst\n"
    "  order [TRACE...]\n"
    "                which of many stale keys are refreshed first: old answers of a trace by\n"
    "                first come, first served, beside the queue's order, in virtual time\n"
    "  invalidate    a million entries at once, and what hits feel of it meanwhile\n"
    "  compare       hits beside other tables and caches, those that the build found\n"
    "  start         a program that calls no cached function, plain and with the library\n"
    "                preloaded: time, system calls, memory, threads, descriptors; and\n"
    "                what a call costs where the runtime is absent or switched off\n"
    "  lines         the cache lines that a hit reads and writes, and which of them other\n"
    "                threads use too\n"
    "  wrap          a hit through a generated stub, beside an annotated function's\n"
    "  names         the worst lookup of unmodified programs with a name server that takes\n"
    "                300 ms: without a cache, with a plain time to live, with this one\n"
    "  memory [ENTRIES...]\n"
    "                bytes an entry, by the system's count and the runtime's own; the worst\n"
    "                call while the table grows; what a purge gives back\n"
    "  replay [TRACE...]\n"
    "                hit ratio of recorded traces at 0.1, 1 and 10 % of their keys, and the\n"
    "                time saved where costs differ. A line is 'key' or 'milliseconds key';\n"
    "                the latter also beside an oracle in virtual time. FILE.xz is unpacked\n"
    "  idle          how often a process is woken that has used the cache and does nothing\n"
    "                now: watched for 65 s, with --quick for 10, with all for as long as that takes\n"
    "  all           all of them, and the table of goals: each met or not\n"
    "\n"
    "  --json        one JSON object a line\n"
    "  --rounds N    take the median of N rounds, 1 to 100 (default 5, with --quick 1)\n"
    "  --quick       less of everything: whether it works, in two minutes\n"
    "  --traces DIR  replay and order take the traces DIR/*.txt, *.tsk, *.txt.xz, *.tsk.xz\n"
    "  --plot DIR    what hit, edge and replay measure as DIR/NAME.svg, drawn by gnuplot\n"
    "  --help        this text\n"
    "\n"
    "Only ratios from one run are claims. SWR_MAX_BYTES is set to 2G unless it is set.\n";

static int wrong_usage(const char *what, const char *which)
{
    fprintf(stderr, "swrbench: %s%s\nTry 'swrbench --help'.\n", what, which);
    return 2;
}

/* The runtime reads its settings when it starts: start again with them. */
static void set_room(char **argv)
{
    if (getenv("SWR_MAX_BYTES") || setenv("SWR_MAX_BYTES", "2G", 1) != 0)
        return;
    execv("/proc/self/exe", argv);
    fprintf(stderr, "swrbench: cannot start again with SWR_MAX_BYTES=2G: %s\n", strerror(errno));
}

static bool has_runtime(void)
{
    swrcache_attach_fn *attach;

    *(void **)&attach = dlsym(RTLD_DEFAULT, "swrcache_attach");
    return attach && attach(SWRCACHE_ABI);
}

static bool parse_rounds(const char *text, int *rounds)
{
    char *end;
    long value;

    errno = 0;
    value = strtol(text, &end, 10);
    if (errno || end == text || *end || value < 1 || value > MOST_ROUNDS)
        return false;
    *rounds = (int)value;
    return true;
}

static bool written(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    fprintf(stderr, "swrbench: cannot write: %s\n", strerror(errno));
    return false;
}

static int run_commands(const char *name, struct settings *settings)
{
    bool found = settings->all;

    if (settings->all && !settings->runtime)
        return wrong_usage("all needs the runtime: is SWR_ENABLE=0 set?", "");
    if (!settings->json && !settings->runtime)
        printf("The runtime is absent or switched off: 'cached' is a plain call.\n\n");
    if (settings->all)
        idle_begin();
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        const struct command *command = &commands[i];
        int status;

        if (!settings->all && strcmp(name, command->name) != 0)
            continue;
        found = true;
        if (settings->count > 0 && (settings->all || !command->args))
            return wrong_usage("one command at a time, not also: ", settings->args[0]);
        status = command->run(settings);
        if (status != 0)
            return status;
    }
    if (!found)
        return wrong_usage("no such command: ", name);
    if (settings->all)
        goals_print(settings);
    return written() ? 0 : 1;
}

/* 0, or the status to end with. */
static int parse(int argc, char **argv, struct settings *settings)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        {"rounds", required_argument, NULL, 'r'},
        {"quick", no_argument, NULL, 'q'},
        {"traces", required_argument, NULL, 't'},
        {"plot", required_argument, NULL, 'p'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int option;

    opterr = 0;
    while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        switch (option) {
        case 'j':
            settings->json = true;
            break;
        case 'r':
            if (!parse_rounds(optarg, &settings->rounds))
                return wrong_usage("--rounds takes a number from 1 to 100, not ", optarg);
            break;
        case 'q':
            settings->quick = true;
            break;
        case 't':
            settings->traces = optarg;
            break;
        case 'p':
            settings->plot = optarg;
            break;
        case 'h':
            fputs(help, stdout);
            exit(written() ? 0 : 1);
        case ':':
            return wrong_usage("a value is missing after ", argv[optind - 1]);
        default:
            return wrong_usage("unknown option: ", argv[optind - 1]);
        }
    }
    return optind == argc ? wrong_usage("a command is missing", "") : 0;
}

int main(int argc, char **argv)
{
    struct settings settings = {0};
    int status = parse(argc, argv, &settings);

    if (status != 0)
        return status;
    if (settings.plot && mkdir(settings.plot, 0777) != 0 && errno != EEXIST) {
        fprintf(stderr, "swrbench: --plot %s: %s\n", settings.plot, strerror(errno));
        return 1;
    }
    set_room(argv);
    if (settings.rounds == 0)
        settings.rounds = settings.quick ? 1 : 5;
    settings.runtime = has_runtime();
    settings.all = strcmp(argv[optind], "all") == 0;
    settings.args = (const char *const *)(argv + optind + 1);
    settings.count = (size_t)(argc - optind - 1);
    return run_commands(argv[optind], &settings);
}
