/*
 * memory.c - what entries cost in memory: by the system's count and by the runtime's own; the worst call
 * while the table grows; what comes back after a purge. Each size in a process of its own.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <swrcache.h>

#include "command.h"
#include "measure/ask.h"
#include "measure/calm.h"
#include "measure/child.h"
#include "measure/goal.h"

enum { KEY_AND_VALUE = 16, GROWN_FROM = 1000, GOAL_ENTRIES = 1000000, USUAL = 4 };

SWR_CACHED(int64_t, remembered, (SWR_VAL(int64_t, key)), .ttl_ms = SWR_FOREVER, .region = "bench.memory")
{
    return key + 1;
}

/* By the page tables: the counters of /proc/self/statm lag behind by some hundred kilobytes. */
static uint64_t resident(void)
{
    char line[256];
    unsigned long long kilobytes = 0;
    FILE *file = fopen("/proc/self/smaps_rollup", "re");

    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "Rss: %llu kB", &kilobytes) == 1)
            break;
    if (file)
        fclose(file);
    return (uint64_t)kilobytes * 1024;
}

struct sample {
    uint64_t rss, own;                      /* bytes that `entries` took */
    uint64_t rss_left, own_left;            /* after the purge, above what was there before */
    uint64_t call_p50, call_p999, call_max; /* of the insertions, ns of wall time */
    uint64_t worst;                         /* the longest from which no core was taken */
    uint64_t idle_max;                      /* the same of a loop that does nothing, as long */
    uint64_t purge;                         /* ns */
};

/* The longest step of a loop that does nothing: what the machine itself adds to the worst call. */
static uint64_t idle_worst(uint64_t ns)
{
    uint64_t before = now_ns(), until = before + ns;
    struct calm calm;

    calm_start(&calm);
    while (before < until) {
        uint64_t after = now_ns();

        calm_add(&calm, after - before);
        before = after;
    }
    return calm.undisturbed;
}

static bool take(size_t entries, struct sample *sample)
{
    static struct histogram times;
    uint64_t rss, own, after, began;
    struct calm calm;

    /* Everything that is not an entry is there before: thread record, counters, control thread. */
    for (int64_t key = -1; key > -100; key--)
        remembered(key);
    if (!ask_stats("resident", &own) || SWR_INVALIDATE_ALL(remembered) != 99 || !ask_stats("resident", &own))
        return false;
    for (unsigned slot = 0; slot < HISTOGRAM_SLOTS; slot++) /* there before, for the same reason */
        *(volatile uint64_t *)&times.slot[slot] = 0;
    resident();
    rss = resident();
    began = now_ns();
    calm_start(&calm);
    for (size_t id = 0; id < entries; id++) {
        uint64_t start = now_ns(), took;

        if (remembered(key_int(id)) != key_int(id) + 1)
            return false;
        took = now_ns() - start;
        if (id < GROWN_FROM && entries > GROWN_FROM)
            continue;
        histogram_add(&times, took);
        calm_add(&calm, took);
    }
    sample->worst = calm.undisturbed;
    sample->idle_max = idle_worst(now_ns() - began);
    after = resident();
    sample->rss = after > rss ? after - rss : 0;
    if (!ask_stats("resident", &after))
        return false;
    sample->own = after > own ? after - own : 0;
    if (!ask_stats("entries", &after) || after != entries) {
        fprintf(stderr, "swrbench: memory: %" PRIu64 " entries of %zu are there: raise SWR_MAX_BYTES\n",
                after, entries);
        return false;
    }
    sample->call_p50 = histogram_at(&times, 0.5);
    sample->call_p999 = histogram_at(&times, 0.999);
    sample->call_max = times.max;
    sample->purge = now_ns();
    SWR_INVALIDATE_ALL(remembered);
    /* That took effect; a worker brings the memory back. */
    swrcache_drain(600000);
    sample->purge = now_ns() - sample->purge;
    after = resident();
    sample->rss_left = after > rss ? after - rss : 0;
    ask_stats("resident", &after);
    sample->own_left = after > own ? after - own : 0;
    return true;
}

static int print_sample(size_t entries)
{
    struct sample s = {0};

    if (!take(entries, &s)) {
        fprintf(stderr, "swrbench: memory: the runtime does not say what it holds\n");
        return 1;
    }
    printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
           " %" PRIu64 " %" PRIu64 "\n",
           s.rss, s.own, s.rss_left, s.own_left, s.call_p50, s.call_p999, s.call_max, s.worst, s.idle_max,
           s.purge);
    return 0;
}

static bool measure(size_t entries, struct sample *s)
{
    char folder[] = "/tmp/swrbench-XXXXXX", where[64], part[64], output[512];
    const char *const args[] = {"memory", NULL};
    const char *const with[] = {where, part, "SWR_MAX_BYTES=1024G", "SWR_CONTROL=1", NULL};
    bool done;

    if (!mkdtemp(folder))
        return false;
    snprintf(where, sizeof where, "SWR_SOCKET_DIR=%s", folder);
    snprintf(part, sizeof part, "SWRBENCH_PART=%zu", entries);
    done = child_run(args, with, output, sizeof output) &&
           sscanf(output,
                  "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
                  " %" SCNu64 " %" SCNu64 " %" SCNu64,
                  &s->rss, &s->own, &s->rss_left, &s->own_left, &s->call_p50, &s->call_p999, &s->call_max,
                  &s->worst, &s->idle_max, &s->purge) == 10;
    rmdir(folder);
    return done;
}

struct totals {
    struct spread rss, worst;
    double own;
    uint64_t longest, idle;
};

static void show(const struct settings *settings, size_t entries, const struct totals *all,
                 const struct sample *s)
{
    double left = 100.0 * (double)s->rss_left / (double)(s->rss ? s->rss : 1);
    struct spread beyond = {all->rss.median - KEY_AND_VALUE, all->rss.min - KEY_AND_VALUE,
                            all->rss.max - KEY_AND_VALUE, all->rss.rounds};
    struct spread ms = {all->worst.median / 1e6, all->worst.min / 1e6, all->worst.max / 1e6,
                        all->worst.rounds};
    char name[32];

    snprintf(name, sizeof name, "%zu", entries);
    spread_warn(&all->rss, "memory", name);
    if (!settings->json)
        printf("  %10zu %8.1f %8.1f %8.1f %8.1f %9.2f %9.2f %9.1f %9.1f %9.1f %8.1f\n", entries,
               all->rss.median, all->own, beyond.median, left, (double)s->call_p50 / 1e3,
               (double)s->call_p999 / 1e3, (double)all->longest / 1e3, all->worst.median / 1e3,
               (double)all->idle / 1e3, (double)s->purge / 1e6);
    json_begin(settings, "memory", name, "bytes_per_entry", &all->rss);
    json_number("own_bytes_per_entry", all->own);
    json_number("beyond_key_and_value", beyond.median);
    json_number("left_pct", left);
    json_count("insert_p50_ns", s->call_p50);
    json_count("insert_p999_ns", s->call_p999);
    json_count("insert_max_ns", all->longest);
    json_spread("insert_worst_ns", &all->worst);
    json_count("idle_worst_ns", all->idle);
    json_count("purge_ns", s->purge);
    json_end(settings);
    fflush(stdout);
    if (entries == GOAL_ENTRIES)
        goal_found(GOAL_MEMORY, &beyond);
    if (entries >= GOAL_ENTRIES)
        goal_worst(GOAL_GROWTH, &ms, name);
    goal_note(GOAL_GROWTH, "calls from which the scheduler took no core");
}

static bool rounds(const struct settings *settings, size_t entries)
{
    size_t count = entries > GOAL_ENTRIES ? 1 : rounds_of(settings, LONG_ROUNDS);
    double rss[LONG_ROUNDS], worst[LONG_ROUNDS];
    struct totals all = {.own = 0};
    struct sample s = {0};

    for (size_t round = 0; round < count; round++) {
        if (!measure(entries, &s))
            return false;
        rss[round] = (double)s.rss / (double)entries;
        worst[round] = (double)s.worst;
        all.own += (double)s.own / (double)entries / (double)count;
        all.longest = s.call_max > all.longest ? s.call_max : all.longest;
        all.idle = s.idle_max > all.idle ? s.idle_max : all.idle;
    }
    all.rss = spread_of(rss, count);
    all.worst = spread_of(worst, count);
    show(settings, entries, &all, &s);
    return true;
}

/* The nth number asked for; 0: it is none. */
static size_t asked(const struct settings *settings, size_t n)
{
    char *end;
    unsigned long long entries = strtoull(settings->args[n], &end, 10);

    return *end || settings->args[n][0] == '-' || entries > 1000000000 ? 0 : (size_t)entries;
}

int bench_memory(const struct settings *settings)
{
    static const size_t usual[USUAL] = {1000, 100000, GOAL_ENTRIES, 10000000};
    const char *part = getenv("SWRBENCH_PART");
    size_t count = settings->count ? settings->count : settings->quick ? USUAL - 1 : USUAL;

    if (part)
        return print_sample(strtoull(part, NULL, 10));
    for (size_t i = 0; i < settings->count; i++)
        if (asked(settings, i) == 0) {
            fprintf(stderr, "swrbench: memory takes numbers of entries, not %s\n", settings->args[i]);
            return 2;
        }
    if (!settings->runtime) {
        fprintf(stderr, "swrbench: memory needs the runtime: is SWR_ENABLE=0 set?\n");
        return 1;
    }
    if (!settings->json)
        printf("memory: 8 bytes of key and 8 of value; bytes an entry by RSS and by the runtime's own count, "
               "RSS\n"
               "beyond key and value; left after a purge; insertions in us, their worst with time slices of "
               "others\n"
               "and without, beside the worst step of a loop that does nothing for as long; the purge in ms\n"
               "  %10s %8s %8s %8s %8s %9s %9s %9s %9s %9s %8s\n",
               "entries", "RSS", "own", "beyond", "left %", "p50", "p99.9", "slices", "worst", "idle",
               "purge");
    for (size_t i = 0; i < count; i++) {
        size_t entries = settings->count ? asked(settings, i) : usual[i];

        if (!rounds(settings, entries)) {
            fprintf(stderr, "swrbench: memory: %zu entries could not be measured\n", entries);
            return 1;
        }
    }
    if (!settings->json)
        printf("\n");
    return 0;
}
