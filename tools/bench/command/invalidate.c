/*
 * invalidate.c - a million entries are invalidated at once: how long it takes, and what another thread's hits
 * feel of it.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include <swrcache.h>

#include "command.h"
#include "measure/calm.h"
#include "measure/contest.h"
#include "measure/goal.h"

enum { ENTRIES = 1000000, NEIGHBOURS = 1000 };

SWR_CACHED(int64_t, invalidated, (SWR_VAL(int64_t, key)), .ttl_ms = SWR_FOREVER, .region = "bench.invalidate")
{
    return key + 1;
}

SWR_CACHED(int64_t, neighbour, (SWR_VAL(int64_t, key)), .ttl_ms = SWR_FOREVER, .region = "bench.neighbour")
{
    return key + 2;
}

static size_t by_function(void)
{
    return SWR_INVALIDATE_ALL(invalidated);
}

static size_t by_region(void)
{
    return swrcache_invalidate("region:bench.invalidate");
}

static const struct invalidation {
    const char *name;
    size_t (*run)(void);
} cases[] = {
    {"function", by_function},
    {"region", by_region},
};

struct others {
    struct histogram times;
    struct calm calm;
};

static atomic_bool over, hitting;

static void *hit(void *argument)
{
    struct others *others = argument;

    pin_thread(1);
    calm_start(&others->calm);
    for (int64_t key = 0; !atomic_load_explicit(&over, memory_order_relaxed); key = (key + 1) % NEIGHBOURS) {
        uint64_t start = now_ns(), took;

        neighbour(key);
        took = now_ns() - start;
        histogram_add(&others->times, took);
        calm_add(&others->calm, took);
        atomic_store_explicit(&hitting, true, memory_order_relaxed);
    }
    return NULL;
}

/* Nanoseconds; 0: no thread, or an entry outlived it. */
static uint64_t invalidate(const struct invalidation *one, struct others *others)
{
    pthread_t thread;
    uint64_t start, took;
    size_t matched;
    struct swrcache_info info;

    for (size_t id = 0; id < ENTRIES; id++)
        invalidated(key_int(id));
    for (int64_t key = 0; key < NEIGHBOURS; key++)
        neighbour(key);
    atomic_store(&over, false);
    atomic_store(&hitting, false);
    if (pthread_create(&thread, NULL, hit, others) != 0)
        return 0;
    while (!atomic_load_explicit(&hitting, memory_order_relaxed))
        sleep_ms(1);
    start = now_ns();
    matched = one->run();
    took = now_ns() - start;
    swrcache_drain(60000); /* the sweep belongs to it */
    atomic_store(&over, true);
    pthread_join(thread, NULL);
    invalidated(key_int(ENTRIES / 2));
    swrcache_last(&info);
    return matched == ENTRIES && info.outcome == SWR_MISS ? took : 0;
}

static void show(const struct settings *settings, const struct invalidation *one, const struct spread *spread,
                 const struct spread *worst, const struct others *others)
{
    struct spread us = {spread->median / 1e3, spread->min / 1e3, spread->max / 1e3, spread->rounds};
    struct spread ms = {worst->median / 1e6, worst->min / 1e6, worst->max / 1e6, worst->rounds};

    if (!settings->json)
        printf("  %-10s %9.1f (%.1f to %.1f) %12.2f %12.1f %16.1f\n", one->name, us.median, us.min, us.max,
               (double)histogram_at(&others->times, 0.999) / 1e3, worst->median / 1e3,
               (double)others->times.max / 1e3);
    json_begin(settings, "invalidate", one->name, "ns", spread);
    json_count("entries", ENTRIES);
    json_count("hit_p999_ns", histogram_at(&others->times, 0.999));
    json_spread("hit_worst_ns", worst);
    json_count("hit_max_ns", others->times.max);
    json_end(settings);
    goal_worst(GOAL_INVALIDATE, &us, one->name);
    goal_worst(GOAL_INVALIDATE_OTHERS, &ms, one->name);
    goal_note(GOAL_INVALIDATE_OTHERS, "calls from which the scheduler took no core");
}

int bench_invalidate(const struct settings *settings)
{
    static struct others others;
    size_t count = rounds_of(settings, LONG_ROUNDS);
    double times[LONG_ROUNDS], worsts[LONG_ROUNDS];
    struct spread spread, worst;

    if (!settings->runtime) {
        fprintf(stderr, "swrbench: invalidate needs the runtime: is SWR_ENABLE=0 set?\n");
        return 1;
    }
    if (!settings->json)
        printf("invalidate: %d entries at once, while another thread has hits; microseconds. worst: of hits "
               "from\n"
               "which the scheduler did not take the core, while the memory is brought back, too\n"
               "  %-10s %9s %15s %12s %12s %16s\n",
               ENTRIES, "", "takes", "", "hits' p99.9", "worst", "with time slices");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        others.times = (struct histogram){0};
        for (size_t round = 0; round < count; round++) {
            times[round] = (double)invalidate(&cases[i], &others);
            worsts[round] = (double)others.calm.undisturbed;
            if (times[round] == 0) {
                fprintf(stderr,
                        "swrbench: invalidate: an entry outlived it, or too small an SWR_MAX_BYTES\n");
                return 1;
            }
            by_function();
        }
        spread = spread_of(times, count);
        worst = spread_of(worsts, count);
        spread_warn(&spread, "invalidate", cases[i].name);
        show(settings, &cases[i], &spread, &worst, &others);
    }
    if (!settings->json)
        printf("\n");
    return 0;
}
