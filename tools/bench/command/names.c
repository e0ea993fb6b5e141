/*
 * names.c - unmodified programs that look a name up again and again, while the name server takes its time:
 * how long does their worst lookup take? Each runs without a cache, with answers that live for a time and are
 * then asked for again by whoever comes next, and with old answers served while one thread asks.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "measure/bench.h"
#include "measure/child.h"
#include "measure/place.h"
#include "measure/report.h"

#define LOOP_MS "2000"
#define SLOW_MS "300"

/* Each prints: lookups, the median's and the worst one's microseconds. The first is not among them. */
static const struct program {
    const char *name;
    const char *argv[4];
} programs[] = {
    {"python3",
     {"python3", "-c",
      "import socket, time\n"
      "def ask():\n"
      "    start = time.perf_counter()\n"
      "    socket.getaddrinfo('slow.test', 80, socket.AF_INET)\n"
      "    return (time.perf_counter() - start) * 1e6\n"
      "ask()\n"
      "end, times = time.monotonic() + " LOOP_MS " / 1000, []\n"
      "while time.monotonic() < end:\n"
      "    times.append(ask())\n"
      "    time.sleep(0.001)\n"
      "times.sort()\n"
      "print(len(times), times[len(times) // 2], times[-1])\n"}},
    {"node",
     {"node", "-e",
      "const dns = require('dns'), times = [];\n"
      "const ask = then => { const start = process.hrtime.bigint();\n"
      "    dns.lookup('slow.test', { family: 4 }, () => then(Number(process.hrtime.bigint() - start) / "
      "1e3)); };\n"
      "ask(() => { const end = Date.now() + " LOOP_MS ";\n"
      "    const go = () => ask(us => { times.push(us);\n"
      "        if (Date.now() < end) return setTimeout(go, 1);\n"
      "        times.sort((a, b) => a - b);\n"
      "        console.log(times.length, times[times.length >> 1], times[times.length - 1]); });\n"
      "    go(); });\n"}},
};

static const struct way {
    const char *name;
    const char *settings[4];
} ways[] = {
    {"uncached", {"SWR_ENABLE=0"}},
    {"time to live", {"SWR_NAMES_TTL=500ms", "SWR_NAMES_STALE=0", "SWR_NAMES_STALE_IF_ERROR=0"}},
    {"stale while asking", {"SWR_NAMES_TTL=500ms", "SWR_NAMES_STALE=10s"}},
};

struct results {
    double median[MOST_ROUNDS], worst[MOST_ROUNDS];
    double lookups, questions;
};

/* LD_PRELOAD=the preset, the runtime that we have ourselves, the slow name server. */
static bool preload(char *setting, size_t room)
{
    char runtime[PATH_MAX], preset[PATH_MAX], slow[PATH_MAX];

    return place_runtime(runtime) && place_beside_runtime("libswrcache-names.so", preset) &&
           place_own("libswrbench-slow.so", slow) &&
           (size_t)snprintf(setting, room, "LD_PRELOAD=%s %s %s", preset, runtime, slow) < room;
}

static bool measure(const struct program *program, const struct way *way, const char *preloaded,
                    const char *log, struct results *results, size_t round)
{
    char counted[1100], output[200];
    const char *settings[8] = {preloaded, counted, "SWRBENCH_SLOW_MS=" SLOW_MS, "SWR_CONTROL=0"};
    double lookups;
    struct stat st;

    snprintf(counted, sizeof counted, "SWRBENCH_SLOW_LOG=%s", log);
    for (int i = 0; way->settings[i]; i++)
        settings[4 + i] = way->settings[i];
    if (truncate(log, 0) != 0 || !child_program(program->argv, settings, output, sizeof output) ||
        sscanf(output, "%lf %lf %lf", &lookups, &results->median[round], &results->worst[round]) != 3 ||
        stat(log, &st) != 0)
        return false;
    results->lookups += lookups;
    results->questions += (double)st.st_size;
    return true;
}

static void print(const struct settings *settings, const struct program *program, const struct way *way,
                  struct results *results)
{
    size_t rounds = rounds_of(settings, LONG_ROUNDS);
    struct spread worst = spread_of(results->worst, rounds);
    struct spread typical = spread_of(results->median, rounds);
    char name[64];

    snprintf(name, sizeof name, "%s, %s", program->name, way->name);
    json_begin(settings, "names", name, "us", &worst);
    json_number("typical_us", typical.median);
    json_number("lookups", results->lookups / (double)rounds);
    json_number("questions", results->questions / (double)rounds);
    json_end(settings);
    if (!settings->json)
        printf("  %-30s %9.0f %11.1f %12.3f %12.3f\n", name, results->lookups / (double)rounds,
               results->questions / (double)rounds, typical.median / 1e3, worst.median / 1e3);
}

int bench_names(const struct settings *settings)
{
    static struct results results;
    char preloaded[3 * PATH_MAX], log[] = "/tmp/swrbench-names-XXXXXX";
    int fd, done = 0;
    bool good = true;

    if (!settings->runtime || !preload(preloaded, sizeof preloaded)) {
        fprintf(stderr, "swrbench: names: the preset or the slow name server is not installed\n");
        return 1;
    }
    fd = mkstemp(log);
    if (fd < 0) {
        fprintf(stderr, "swrbench: names: %s: %s\n", log, strerror(errno));
        return 1;
    }
    close(fd);
    if (!settings->json)
        printf("names: a lookup a millisecond for " LOOP_MS " ms, a name server that takes " SLOW_MS
               " ms; milliseconds a lookup\n"
               "  %-30s %9s %11s %12s %12s\n",
               "case", "lookups", "questions", "median", "worst");
    for (size_t p = 0; p < sizeof programs / sizeof *programs; p++) {
        const char *const have[] = {"sh", "-c", "command -v \"$0\" >/dev/null", programs[p].name, NULL};
        char nothing[2];

        if (!child_program(have, NULL, nothing, sizeof nothing))
            continue;
        for (size_t w = 0; good && w < sizeof ways / sizeof *ways; w++) {
            results.lookups = results.questions = 0;
            for (size_t round = 0; good && round < rounds_of(settings, LONG_ROUNDS); round++)
                good = measure(&programs[p], &ways[w], preloaded, log, &results, round);
            if (good)
                print(settings, &programs[p], &ways[w], &results);
        }
        done++;
    }
    unlink(log);
    if (done == 0 || !good)
        fprintf(stderr, "swrbench: names: %s\n",
                good ? "neither python3 nor node is here" : "a program failed");
    else if (!settings->json)
        printf("\n");
    return !good;
}
