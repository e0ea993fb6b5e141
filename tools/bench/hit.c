/*
 * hit.c - what a hit costs, beside the floor and an empty function: the same keys, the same loop, taking
 * turns in each round, so that a slow moment of the machine meets all three.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include <swrcache.h>

SWR_DECLARE(int64_t, cached_mixed, (SWR_VAL(int64_t, key)));

#include "bench.h"

enum {
    MOST_THREADS = 2,
    HOT_ENTRIES = 1000,
    SPREAD_ENTRIES = 1000000,
    HOT_LENGTH = 1 << 16,
    SPREAD_LENGTH = 1 << 20,
    HOT_CALLS = 1 << 22, /* of each thread in a round */
    SPREAD_CALLS = 1 << 20,
};

enum way {
    WAY_EMPTY,
    WAY_FLOOR,
    WAY_CACHED,
    WAYS,
};

typedef uint64_t loop_fn(const struct keys *keys, size_t calls);

/* The one loop; `function` is called directly. Gives a sum of the results, so that all three can be compared.
 */
#define INT_LOOP(function)                                                                                   \
    static uint64_t loop_##function(const struct keys *keys, size_t calls)                                   \
    {                                                                                                        \
        size_t mask = keys->length - 1;                                                                      \
        uint64_t sum = 0;                                                                                    \
                                                                                                             \
        for (size_t call = 0; call < calls; call++)                                                          \
            sum += (uint64_t)function(keys->ints[call & mask]);                                              \
        return sum;                                                                                          \
    }

/* Each call waits for the one before it: the place of its key is computed from that one's result. */
#define CHAIN_LOOP(function)                                                                                 \
    static uint64_t chain_##function(const struct keys *keys, size_t calls)                                  \
    {                                                                                                        \
        size_t mask = keys->length - 1;                                                                      \
        uint64_t sum = 0, zero = 0;                                                                          \
                                                                                                             \
        for (size_t call = 0; call < calls; call++) {                                                        \
            int64_t key = keys->ints[(call + zero) & mask];                                                  \
            int64_t value = function(key);                                                                   \
                                                                                                             \
            zero = (uint64_t)(value ^ key ^ INT_MIX);                                                        \
            sum += (uint64_t)value;                                                                          \
        }                                                                                                    \
        return sum;                                                                                          \
    }

#define ROW_LOOP(function)                                                                                   \
    static uint64_t loop_##function(const struct keys *keys, size_t calls)                                   \
    {                                                                                                        \
        size_t mask = keys->length - 1;                                                                      \
        uint64_t sum = 0;                                                                                    \
                                                                                                             \
        for (size_t call = 0; call < calls; call++) {                                                        \
            struct row row = function(keys->strings + (call & mask) * KEY_STRIDE);                           \
            sum += (uint64_t)row.word[1] + (uint64_t)row.word[ROW_WORDS - 1];                                \
        }                                                                                                    \
        return sum;                                                                                          \
    }

INT_LOOP(empty_int)
INT_LOOP(floor_int)
INT_LOOP(cached_int)
CHAIN_LOOP(empty_int)
CHAIN_LOOP(floor_int)
CHAIN_LOOP(cached_int)
ROW_LOOP(empty_row)
ROW_LOOP(floor_row)
ROW_LOOP(cached_row)

/* Of a hundred calls one misses and one refreshes. */
static uint64_t loop_mixed(const struct keys *keys, size_t calls)
{
    size_t mask = keys->length - 1;
    uint64_t sum = 0;

    for (size_t call = 0; call < calls; call++) {
        int64_t key = keys->ints[call & mask];

        if (call % 100 == 0)
            SWR_INVALIDATE(cached_mixed, key);
        else if (call % 100 == 50)
            SWR_EXPIRE(cached_mixed, key);
        sum += (uint64_t)cached_mixed(key);
    }
    return sum;
}

static loop_fn *const int_loops[WAYS] = {loop_empty_int, loop_floor_int, loop_cached_int};
static loop_fn *const chain_loops[WAYS] = {chain_empty_int, chain_floor_int, chain_cached_int};
static loop_fn *const mixed_loops[WAYS] = {loop_empty_int, loop_floor_int, loop_mixed};
static loop_fn *const row_loops[WAYS] = {loop_empty_row, loop_floor_row, loop_cached_row};

static const struct hit_case {
    const char *name;
    loop_fn *const *loops;
    bool strings;
    bool spread;
    int64_t (*cached)(int64_t key); /* of the number cases */
} cases[] = {
    {"int_hot", int_loops, false, false, cached_int},
    {"int_spread", int_loops, false, true, cached_int},
    {"string_hot", row_loops, true, false, NULL},
    {"string_spread", row_loops, true, true, NULL},
    {"int_hot_chain", chain_loops, false, false, cached_int},
    {"int_spread_chain", chain_loops, false, true, cached_int},
    {"int_hot_mixed", mixed_loops, false, false, cached_mixed},
};

struct runner {
    pthread_t thread;
    unsigned number;
    pthread_barrier_t *barrier;
    loop_fn *loop;
    const struct keys *keys;
    size_t calls;
    uint64_t sum, start, end;
};

/* A core of its own for each: two on one for the first milliseconds would spoil a round. */
static void pin(unsigned number)
{
    cpu_set_t allowed, one;

    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        return;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &allowed) || number-- > 0)
            continue;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        sched_setaffinity(0, sizeof one, &one);
        return;
    }
}

static void *run(void *argument)
{
    struct runner *runner = argument;

    pin(runner->number);
    pthread_barrier_wait(runner->barrier);
    runner->start = now_ns();
    runner->sum = runner->loop(runner->keys, runner->calls);
    runner->end = now_ns();
    return NULL;
}

/* Wall nanoseconds a call over all threads together. */
static double measure(loop_fn *loop, const struct keys keys[], unsigned threads, size_t calls, uint64_t *sum)
{
    struct runner runners[MOST_THREADS] = {0};
    pthread_barrier_t barrier;
    uint64_t start = UINT64_MAX;
    uint64_t end = 0;

    pthread_barrier_init(&barrier, NULL, threads);
    for (unsigned i = 0; i < threads; i++) {
        runners[i] =
            (struct runner){.number = i, .barrier = &barrier, .loop = loop, .keys = &keys[i], .calls = calls};
        if (pthread_create(&runners[i].thread, NULL, run, &runners[i]) != 0) {
            fprintf(stderr, "swrbench: cannot start a thread\n");
            exit(1); /* one that waits at the barrier cannot be called back */
        }
    }
    *sum = 0;
    for (unsigned i = 0; i < threads; i++) {
        pthread_join(runners[i].thread, NULL);
        if (runners[i].start < start)
            start = runners[i].start;
        if (runners[i].end > end)
            end = runners[i].end;
        *sum += runners[i].sum;
    }
    pthread_barrier_destroy(&barrier);
    return (double)(end - start) / ((double)calls * threads);
}

/* Puts every key into the floor and the cache. */
static void fill(const struct hit_case *hit, size_t entries)
{
    for (size_t id = 0; id < entries; id++) {
        if (hit->strings) {
            char key[KEY_STRIDE];
            struct row row;

            key_string(id, key);
            row = cached_row(key);
            floor_put_row(key, &row);
        } else {
            floor_put_int(key_int(id), hit->cached(key_int(id)));
        }
    }
}

/* How many of a hundred calls of the sequence are hits, by the runtime's own word. */
static double hit_percent(const struct settings *settings, const struct hit_case *hit,
                          const struct keys *keys)
{
    size_t hits = 0;

    if (!settings->runtime)
        return 0;
    for (size_t at = 0; at < keys->length; at++) {
        struct swrcache_info info = {.outcome = SWR_BYPASS};

        if (hit->strings)
            cached_row(keys->strings + at * KEY_STRIDE);
        else
            hit->cached(keys->ints[at]);
        swrcache_last(&info);
        hits += info.outcome == SWR_HIT;
    }
    return 100.0 * (double)hits / (double)keys->length;
}

static void print_row(const struct settings *settings, const char *name, unsigned threads,
                      const double medians[WAYS], double scaling, double hits)
{
    double ratio = medians[WAY_CACHED] / medians[WAY_FLOOR];

    if (settings->json) {
        printf(
            "{\"bench\":\"hit\",\"case\":\"%s\",\"threads\":%u,\"ns\":%.2f,\"floor_ns\":%.2f,\"ratio\":%.3f,"
            "\"empty_ns\":%.2f,\"scaling\":%.3f,\"hit_pct\":%.2f,\"rounds\":%d,\"runtime\":%s}\n",
            name, threads, medians[WAY_CACHED], medians[WAY_FLOOR], ratio, medians[WAY_EMPTY], scaling, hits,
            settings->rounds, settings->runtime ? "true" : "false");
    } else {
        printf("  %-14s %7u %9.2f %9.2f %9.2f %8.2f %8.2f", name, threads, medians[WAY_EMPTY],
               medians[WAY_FLOOR], medians[WAY_CACHED], ratio, scaling);
        if (settings->runtime)
            printf(" %7.2f\n", hits);
        else
            printf(" %7s\n", "-");
    }
    fflush(stdout);
}

/* All rounds of one case; `times` has room for WAYS * MOST_THREADS * rounds. */
static bool rounds(const struct settings *settings, const struct hit_case *hit, const struct keys keys[],
                   double *times)
{
    size_t calls = hit->spread ? SPREAD_CALLS : HOT_CALLS;
    size_t count = (size_t)settings->rounds;
    double medians[MOST_THREADS][WAYS];
    double hits;

    for (size_t round = 0; round < count; round++) {
        for (unsigned threads = 1; threads <= MOST_THREADS; threads++) {
            uint64_t sums[WAYS];

            for (unsigned way = 0; way < WAYS; way++)
                times[((threads - 1) * WAYS + way) * count + round] =
                    measure(hit->loops[way], keys, threads, calls, &sums[way]);
            if (sums[WAY_FLOOR] != sums[WAY_EMPTY] || sums[WAY_CACHED] != sums[WAY_EMPTY]) {
                fprintf(stderr, "swrbench: hit: %s: wrong answers\n", hit->name);
                return false;
            }
        }
    }
    hits = hit_percent(settings, hit, &keys[0]);
    for (unsigned threads = 1; threads <= MOST_THREADS; threads++) {
        for (unsigned way = 0; way < WAYS; way++)
            medians[threads - 1][way] = median(times + ((threads - 1) * WAYS + way) * count, count);
        print_row(settings, hit->name, threads, medians[threads - 1],
                  medians[0][WAY_CACHED] / medians[threads - 1][WAY_CACHED], hits);
    }
    return true;
}

static bool run_case(const struct settings *settings, const struct hit_case *hit)
{
    size_t entries = hit->spread ? SPREAD_ENTRIES : HOT_ENTRIES;
    size_t length = hit->spread ? SPREAD_LENGTH : HOT_LENGTH;
    double *times = calloc((size_t)settings->rounds * WAYS * MOST_THREADS, sizeof *times);
    struct keys keys[MOST_THREADS] = {0};
    bool ready = floor_open(entries) && times;
    bool done = false;

    for (unsigned i = 0; ready && i < MOST_THREADS; i++)
        ready = keys_open(&keys[i], entries, length, hit->spread, hit->strings, i + 1);
    if (ready) {
        fill(hit, entries);
        done = rounds(settings, hit, keys, times);
    } else {
        fprintf(stderr, "swrbench: hit: out of memory\n");
    }
    for (unsigned i = 0; i < MOST_THREADS; i++)
        keys_close(&keys[i]);
    floor_close();
    free(times);
    return done;
}

int bench_hit(const struct settings *settings)
{
    if (!settings->json)
        printf("hit: wall ns a call over all threads together, medians of %d rounds\n"
               "  %-14s %7s %9s %9s %9s %8s %8s %7s\n",
               settings->rounds, "case", "threads", "empty", "floor", "cached", "x floor", "scaling",
               "hit %");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (!run_case(settings, &cases[i]))
            return 1;
    if (!settings->json)
        printf("\n");
    return 0;
}
