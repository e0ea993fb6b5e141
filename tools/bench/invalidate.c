/*
 * invalidate.c - a million entries are invalidated at once: how long it takes, and what another thread's hits
 * feel of it.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include <swrcache.h>

#include "report.h"

enum { ENTRIES = 1000000, NEIGHBOURS = 1000, MOST_ROUNDS = 20 };

SWR_CACHED(int64_t, invalidated, (SWR_VAL(int64_t, key)), .ttl_ms = SWR_FOREVER, .region = "bench.invalidate")
{
    return key + 1;
}

SWR_CACHED(int64_t, neighbour, (SWR_VAL(int64_t, key)), .ttl_ms = SWR_FOREVER, .region = "bench.neighbour")
{
    return key + 2;
}

static atomic_bool over;

static void *hit(void *argument)
{
    struct histogram *times = argument;

    for (int64_t key = 0; !atomic_load_explicit(&over, memory_order_relaxed); key = (key + 1) % NEIGHBOURS) {
        uint64_t start = now_ns();

        neighbour(key);
        histogram_add(times, now_ns() - start);
    }
    return NULL;
}

/* Nanoseconds; 0: no thread, or an entry outlived it. */
static uint64_t invalidate(struct histogram *others)
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
    if (pthread_create(&thread, NULL, hit, others) != 0)
        return 0;
    sleep_ms(20);
    start = now_ns();
    matched = SWR_INVALIDATE_ALL(invalidated);
    took = now_ns() - start;
    atomic_store(&over, true);
    pthread_join(thread, NULL);
    invalidated(key_int(ENTRIES / 2));
    swrcache_last(&info);
    return matched == ENTRIES && info.outcome == SWR_MISS ? took : 0;
}

int bench_invalidate(const struct settings *settings)
{
    static struct histogram others;
    size_t count = settings->rounds < MOST_ROUNDS ? (size_t)settings->rounds : MOST_ROUNDS;
    double times[MOST_ROUNDS];
    struct spread spread;

    if (!settings->runtime) {
        fprintf(stderr, "swrbench: invalidate needs the runtime: is SWR_ENABLE=0 set?\n");
        return 1;
    }
    others = (struct histogram){0};
    for (size_t round = 0; round < count; round++) {
        times[round] = (double)invalidate(&others);
        if (times[round] == 0) {
            fprintf(stderr, "swrbench: invalidate: an entry outlived it, or too small an SWR_MAX_BYTES\n");
            return 1;
        }
        SWR_INVALIDATE_ALL(invalidated);
    }
    spread = spread_of(times, count);
    spread_warn(&spread, "invalidate", "function");
    if (!settings->json)
        printf("invalidate: %d entries of a function, while another thread has hits\n"
               "  %.2f ms (%.2f to %.2f); hits meanwhile p99.9 %.2f us, worst %.1f us\n\n",
               ENTRIES, spread.median / 1e6, spread.min / 1e6, spread.max / 1e6,
               (double)histogram_at(&others, 0.999) / 1e3, (double)others.max / 1e3);
    json_begin(settings, "invalidate", "function", "ns", &spread);
    json_count("entries", ENTRIES);
    json_count("hit_p999_ns", histogram_at(&others, 0.999));
    json_count("hit_max_ns", others.max);
    json_end(settings);
    return 0;
}
