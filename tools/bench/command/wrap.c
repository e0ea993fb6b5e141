/*
 * wrap.c - a hit through a generated stub beside a hit of an annotated function: both functions of one
 * library, with the same body, called by a program that knows nothing of either.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "measure/calling.h"
#include "measure/child.h"
#include "measure/goal.h"
#include "measure/place.h"

static bool make_stub(const char *path)
{
    char swrctl[PATH_MAX], nothing[256];
    const char *const argv[] = {swrctl,     "wrap",
                                "--output", path,
                                "--wrap",   "i64 swrbench_wrapped(i64 key) ttl=1h",
                                "--wrap",   "i64 swrbench_wrapped_text(str key) ttl=1h",
                                NULL};

    return place_swrctl(swrctl) && child_program(argv, NULL, nothing, sizeof nothing);
}

static void show(const struct settings *settings, const struct calling *calling, enum calling_kind kind,
                 const char *name)
{
    struct spread plain = calling_ns(calling, kind, CALLING_PLAIN);
    struct spread annotated = calling_ns(calling, kind, CALLING_ANNOTATED);
    struct spread wrapped = calling_ns(calling, kind, CALLING_WRAPPED);
    struct spread above = calling_above(calling, kind, CALLING_WRAPPED, CALLING_ANNOTATED);

    spread_warn(&wrapped, "wrap", name);
    if (!settings->json)
        printf("  %-10s %10.2f %10.2f %10.2f %10.2f (%.2f to %.2f)\n", name, plain.median, annotated.median,
               wrapped.median, above.median, above.min, above.max);
    json_begin(settings, "wrap", name, "ns", &wrapped);
    json_spread("annotated_ns", &annotated);
    json_number("plain_ns", plain.median);
    json_spread("above_ns", &above);
    json_number("ratio", wrapped.median / annotated.median);
    json_end(settings);
    goal_worst(GOAL_WRAP, &above, name);
}

int bench_wrap(const struct settings *settings)
{
    static struct calling calling;
    char folder[] = "/tmp/swrbench-XXXXXX", stub[64], runtime[PATH_MAX], preload[PATH_MAX + 128];
    const char *const environment[] = {preload, "SWR_CONTROL=0", NULL};
    bool done;

    if (!settings->runtime || !place_runtime(runtime)) {
        fprintf(stderr, "swrbench: wrap needs the runtime: is SWR_ENABLE=0 set?\n");
        return 1;
    }
    if (!mkdtemp(folder)) {
        fprintf(stderr, "swrbench: cannot make a folder in /tmp: %s\n", strerror(errno));
        return 1;
    }
    snprintf(stub, sizeof stub, "%s/stub.so", folder);
    snprintf(preload, sizeof preload, "LD_PRELOAD=%s:%s", stub, runtime);
    done = make_stub(stub) && calling_measure(settings, environment, &calling);
    unlink(stub);
    rmdir(folder);
    if (!done) {
        fprintf(stderr, "swrbench: wrap: swrctl or swrbench-calls is missing or failed\n");
        return 1;
    }
    if (!calling.wrapped) {
        fprintf(stderr,
                "swrbench: wrap: the stub does not cache: swrctl and the library do not belong together\n");
        return 1;
    }
    if (!settings->json)
        printf("wrap: a hit, ns a call: 8 bytes of key, and a text of 32; value 8\n"
               "  %-10s %10s %10s %10s %10s\n",
               "", "uncached", "annotated", "wrapped", "above");
    show(settings, &calling, CALLING_NUMBERS, "numbers");
    show(settings, &calling, CALLING_TEXTS, "texts");
    if (!settings->json)
        printf("\n");
    return 0;
}
