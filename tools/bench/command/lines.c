/*
 * lines.c - which cache lines a hit reads and writes, and which of those it writes another thread uses too:
 * what many cores would have to pass around. Counted access by access in a process of its own.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "measure/child.h"
#include "measure/goal.h"
#include "measure/trap.h"

enum { ENTRIES = 500, QUICK_ENTRIES = 50, PASSES = 4, SETTLED = 2000 };

static char (*texts)[KEY_STRIDE];
static unsigned passes_before;
static size_t entries;

static void ask_ints(unsigned passes)
{
    for (unsigned pass = 0; pass < passes; pass++)
        for (size_t id = 0; id < entries; id++)
            cached_int((int64_t)id);
}

static void ask_texts(unsigned passes)
{
    for (unsigned pass = 0; pass < passes; pass++)
        for (size_t id = 0; id < entries; id++)
            cached_row(texts[id]);
}

static void warm_ints(unsigned thread)
{
    (void)thread;
    ask_ints(passes_before);
}

static void work_ints(unsigned thread)
{
    (void)thread;
    ask_ints(PASSES);
}

static void warm_texts(unsigned thread)
{
    (void)thread;
    ask_texts(passes_before);
}

static void work_texts(unsigned thread)
{
    (void)thread;
    ask_texts(PASSES);
}

static const struct lines_case {
    const char *name, *what;
    void (*warm)(unsigned thread);
    void (*work)(unsigned thread);
    unsigned before; /* hits of each key before they are counted */
} cases[] = {
    {"young", "numbers, an entry's first hits", warm_ints, work_ints, 1},
    {"settled", "numbers, after 2,000 hits of each", warm_ints, work_ints, SETTLED},
    {"texts", "strings, after 2,000 hits of each", warm_texts, work_texts, SETTLED},
};

static int count_part(const char *part)
{
    struct trap_count count;

    mallopt(M_ARENA_MAX, 1);
    texts = calloc(entries, sizeof *texts);
    for (size_t id = 0; texts && id < entries; id++)
        key_string(id, texts[id]);
    for (size_t i = 0; texts && i < sizeof cases / sizeof *cases; i++) {
        if (strcmp(cases[i].name, part) != 0)
            continue;
        passes_before = cases[i].before;
        if (!trap_run(cases[i].warm, cases[i].work, &count))
            break;
        printf("%llu %llu %llu\n", (unsigned long long)count.written_shared,
               (unsigned long long)count.written_own, (unsigned long long)count.read);
        return 0;
    }
    return 1;
}

static bool show(const struct settings *settings, const struct lines_case *one)
{
    const double hits = 2.0 * (double)entries * PASSES;
    const char *const args[] = {"lines", settings->quick ? "--quick" : NULL, NULL};
    char part[64], output[128];
    const char *const environment[] = {part, "SWR_CONTROL=0", NULL};
    double shared, own, read;
    struct spread spread;

    snprintf(part, sizeof part, "SWRBENCH_PART=%s", one->name);
    if (!child_run(args, environment, output, sizeof output) ||
        sscanf(output, "%lf %lf %lf", &shared, &own, &read) != 3)
        return false;
    spread = spread_one(shared / hits);
    if (!settings->json)
        printf("  %-36s %12.3f %12.3f %12.3f\n", one->what, spread.median, own / hits, read / hits);
    json_begin(settings, "lines", one->what, "writes a hit to lines that others use", &spread);
    json_number("written", own / hits);
    json_number("read", read / hits);
    json_end(settings);
    if (one->before == SETTLED)
        goal_worst(GOAL_SHARED_WRITES, &spread, one->what);
    return true;
}

int bench_lines(const struct settings *settings)
{
    const char *part = getenv("SWRBENCH_PART");

    entries = settings->quick ? QUICK_ENTRIES : ENTRIES;
    if (part)
        return count_part(part);
    if (!settings->runtime) {
        fprintf(stderr, "swrbench: lines needs the runtime: is SWR_ENABLE=0 set?\n");
        return 1;
    }
    if (!settings->json)
        printf("lines: accesses of a hit to memory but the stack, counted one by one\n"
               "  %-36s %12s %12s %12s\n",
               "", "write others'", "write own", "read");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (!show(settings, &cases[i])) {
            goal_note(GOAL_SHARED_WRITES, "accesses cannot be counted on this machine");
            fprintf(stderr, "swrbench: lines: accesses cannot be counted on this machine\n");
            break;
        }
    if (!settings->json)
        printf("\n");
    return 0;
}
