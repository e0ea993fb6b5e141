/*
 * stale.c - hot entries grow stale under load: how long do their callers wait? A time holds one call and
 * the reading of the clock around it.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <swrcache.h>

#include "bench.h"

enum {
    KEYS = 16,
    MOST_THREADS = 2,
    ROUND_MS = 500, /* for each number of threads */
};

enum kind {
    KIND_HIT,
    KIND_STALE,       /* any call that got a stale value */
    KIND_STALE_FIRST, /* of those, the first since the entry was fresh: it starts the refresh */
    KIND_OTHER,       /* computed or waited */
    KINDS,
};

static const char *const kind_names[KINDS] = {"hit", "stale_hit", "stale_first", "computed"};

static atomic_bool seen_stale[KEYS];

struct caller {
    pthread_t thread;
    uint64_t until;
    unsigned number;
    struct histogram kinds[KINDS];
};

static enum kind kind_of(bool runtime, unsigned key)
{
    struct swrcache_info info = {.outcome = SWR_BYPASS};

    if (!runtime)
        return KIND_OTHER;
    swrcache_last(&info);
    switch (info.outcome) {
    case SWR_HIT:
        if (atomic_load_explicit(&seen_stale[key], memory_order_relaxed))
            atomic_store_explicit(&seen_stale[key], false, memory_order_relaxed);
        return KIND_HIT;
    case SWR_STALE_HIT:
        if (!atomic_load_explicit(&seen_stale[key], memory_order_relaxed) &&
            !atomic_exchange_explicit(&seen_stale[key], true, memory_order_relaxed))
            return KIND_STALE_FIRST;
        return KIND_STALE;
    case SWR_FALLBACK_HIT:
    case SWR_MISS:
    case SWR_COALESCED:
    case SWR_BYPASS:
        break;
    }
    return KIND_OTHER;
}

static bool with_runtime;

static void *load(void *argument)
{
    struct caller *caller = argument;
    unsigned key = caller->number * 7;

    for (;;) {
        uint64_t start, end;
        enum kind kind;

        key = (key + 1) % KEYS;
        start = now_ns();
        if (start >= caller->until)
            return NULL;
        cached_stale((int64_t)key);
        end = now_ns();
        kind = kind_of(with_runtime, key);
        histogram_add(&caller->kinds[kind], end - start);
        if (kind == KIND_STALE_FIRST)
            histogram_add(&caller->kinds[KIND_STALE], end - start);
    }
}

static void print_kind(const struct settings *settings, unsigned threads, const char *name,
                       const struct histogram *times)
{
    unsigned long long p50 = histogram_at(times, 0.5);
    unsigned long long p99 = histogram_at(times, 0.99);
    unsigned long long p999 = histogram_at(times, 0.999);

    if (times->count == 0)
        return;
    if (settings->json)
        printf(
            "{\"bench\":\"stale\",\"case\":\"%s\",\"threads\":%u,\"ns\":%llu,\"calls\":%llu,\"p50_ns\":%llu,"
            "\"p99_ns\":%llu,\"p999_ns\":%llu,\"max_ns\":%llu,\"runtime\":%s}\n",
            name, threads, p50, (unsigned long long)times->count, p50, p99, p999,
            (unsigned long long)times->max, settings->runtime ? "true" : "false");
    else
        printf("  %-12s %7u %10llu %11.2f %11.2f %11.2f %11.2f\n", name, threads,
               (unsigned long long)times->count, (double)p50 / 1e3, (double)p99 / 1e3, (double)p999 / 1e3,
               (double)times->max / 1e3);
}

/* The load by `threads` callers; false: no memory or no thread. */
static bool measure(const struct settings *settings, unsigned threads)
{
    struct caller *callers = calloc(threads, sizeof *callers);
    uint64_t until;
    unsigned started = 0;

    if (!callers)
        return false;
    for (int64_t key = 0; key < KEYS; key++)
        cached_stale(key); /* what is measured is aging, not the first call */
    until = now_ns() + (uint64_t)settings->rounds * ROUND_MS * 1000000u;
    for (; started < threads; started++) {
        callers[started].until = until;
        callers[started].number = started;
        if (pthread_create(&callers[started].thread, NULL, load, &callers[started]) != 0)
            break;
    }
    for (unsigned i = 0; i < started; i++) {
        pthread_join(callers[i].thread, NULL);
        for (unsigned kind = 0; i > 0 && kind < KINDS; kind++)
            histogram_merge(&callers[0].kinds[kind], &callers[i].kinds[kind]);
    }
    for (unsigned kind = 0; started == threads && kind < KINDS; kind++)
        print_kind(settings, threads, kind_names[kind], &callers[0].kinds[kind]);
    free(callers);
    return started == threads;
}

int bench_stale(const struct settings *settings)
{
    struct histogram *uncached = calloc(1, sizeof *uncached);
    bool done = uncached != NULL;

    with_runtime = settings->runtime;
    if (!settings->json)
        printf("stale: %d hot keys, a body of %d ms, stale every 200 ms; microseconds a caller waits\n"
               "  %-12s %7s %10s %11s %11s %11s %11s\n",
               KEYS, BODY_MS, "case", "threads", "calls", "p50", "p99", "p99.9", "max");
    for (int call = 0; done && call < 5 * settings->rounds; call++) {
        uint64_t start = now_ns();

        slow_uncached(call);
        histogram_add(uncached, now_ns() - start);
    }
    if (done)
        print_kind(settings, 1, "uncached", uncached);
    for (unsigned threads = 1; done && threads <= MOST_THREADS; threads++)
        done = measure(settings, threads);
    free(uncached);
    if (!done)
        fprintf(stderr, "swrbench: stale: no memory or no thread\n");
    else if (!settings->json)
        printf("\n");
    return done ? 0 : 1;
}
