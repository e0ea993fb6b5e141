/*
 * edge.c - a thousand hot keys grow stale at the same moment, under load: nobody may wait for what two
 * workers need five seconds to refresh.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <swrcache.h>

#include "command.h"
#include "measure/goal.h"
#include "measure/plot.h"

enum { KEYS = 1000, CALLERS = 2, FRESH_MS = 100 };

static atomic_bool filling, ttl_only;
static atomic_uint refreshed;

SWR_CACHED(int64_t, edged, (SWR_VAL(int64_t, key)), .jitter_pct = 0, .stale_ms = SWR_HOURS(1),
           .region = "bench.stale")
{
    if (atomic_load(&filling)) {
        swrcache_set_ttl(FRESH_MS, atomic_load(&ttl_only) ? 0 : SWR_HOURS(1));
    } else {
        swrcache_set_ttl(SWR_HOURS(1), SWR_HOURS(1));
        sleep_ms(BODY_MS);
        atomic_fetch_add(&refreshed, 1);
    }
    return key + 1;
}

struct caller {
    pthread_t thread;
    unsigned number;
    uint64_t from, until;
    uint64_t stale, waited; /* answers */
    struct histogram times;
};

static void *call(void *argument)
{
    struct caller *caller = argument;
    int64_t key = caller->number * 500;

    for (;;) {
        struct swrcache_info info = {.outcome = SWR_BYPASS};
        uint64_t start, end;

        key = (key + 7) % KEYS;
        start = now_ns();
        if (start >= caller->until || atomic_load_explicit(&refreshed, memory_order_relaxed) >= KEYS)
            return NULL;
        edged(key);
        end = now_ns();
        if (start < caller->from)
            continue;
        histogram_add(&caller->times, end - start);
        swrcache_last(&info);
        caller->stale += info.outcome == SWR_STALE_HIT;
        caller->waited += info.outcome != SWR_STALE_HIT && info.outcome != SWR_HIT;
    }
}

struct edge {
    struct histogram times;
    uint64_t stale, waited, took;
};

/* One edge. False: no thread. */
static bool run(struct edge *edge)
{
    static struct caller callers[CALLERS];
    uint64_t began, edge_at;
    unsigned started = 0;

    atomic_store(&filling, true);
    atomic_store(&refreshed, 0);
    SWR_INVALIDATE_ALL(edged);
    began = now_ns();
    for (int64_t key = 0; key < KEYS; key++)
        edged(key);
    atomic_store(&filling, false);
    edge_at = began + (uint64_t)FRESH_MS * 1000000u;
    for (; started < CALLERS; started++) {
        callers[started] = (struct caller){.number = started, .from = edge_at};
        callers[started].until = edge_at + (uint64_t)KEYS * BODY_MS * 1000000u;
        if (pthread_create(&callers[started].thread, NULL, call, &callers[started]) != 0)
            break;
    }
    *edge = (struct edge){.took = 0};
    for (unsigned i = 0; i < started; i++) {
        pthread_join(callers[i].thread, NULL);
        histogram_merge(&edge->times, &callers[i].times);
        edge->stale += callers[i].stale;
        edge->waited += callers[i].waited;
    }
    edge->took = now_ns() - edge_at;
    return started == CALLERS;
}

static void plot_times(struct plot *plot, const char *label, const struct histogram *times)
{
    static const double parts[] = {0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 0.9999, 0.99999};

    plot_curve(plot, label);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        plot_point(plot, (double)histogram_at(times, parts[i]) / 1e3 + 0.001, 100 * (1 - parts[i]));
}

/* The same edge once more, with callers who wait for what has aged. False: no picture. */
static bool plot_edge(const struct settings *settings, const struct histogram *times)
{
    static struct edge without;
    struct plot *plot = plot_open(settings, "edge", "1,000 keys age at once, a body of 10 ms");

    if (!plot)
        return settings->plot == NULL;
    plot_times(plot, "old values meanwhile", times);
    atomic_store(&ttl_only, true);
    if (run(&without))
        plot_times(plot, "time to live alone", &without.times);
    atomic_store(&ttl_only, false);
    return plot_close(plot, "set logscale xy; set xlabel 'microseconds'; "
                            "set ylabel 'percent of calls that wait longer'; set key bottom left");
}

static void show(const struct settings *settings, const struct edge *edge, const struct spread *tail,
                 const struct spread *longest)
{
    struct spread us = {tail->median / 1e3, tail->min / 1e3, tail->max / 1e3, tail->rounds};

    if (!settings->json)
        printf(
            "edge: %d keys stale at once, a body of %d ms, %d callers; microseconds, the last round's calls\n"
            "  p50 %.2f  p99 %.2f  p99.9 %.2f (rounds: %.2f to %.2f)  worst %.1f\n"
            "  %llu calls, %llu of them old values, %llu waited; all fresh after %.1f s\n\n",
            KEYS, BODY_MS, CALLERS, (double)histogram_at(&edge->times, 0.5) / 1e3,
            (double)histogram_at(&edge->times, 0.99) / 1e3, us.median, us.min, us.max, longest->median / 1e3,
            (unsigned long long)edge->times.count, (unsigned long long)edge->stale,
            (unsigned long long)edge->waited, (double)edge->took / 1e9);
    json_begin(settings, "edge", "p999", "ns", tail);
    json_count("keys", KEYS);
    json_count("p50_ns", histogram_at(&edge->times, 0.5));
    json_count("p99_ns", histogram_at(&edge->times, 0.99));
    json_spread("max_ns", longest);
    json_count("calls", edge->times.count);
    json_count("old_values", edge->stale);
    json_count("waited", edge->waited);
    json_count("all_fresh_ns", edge->took);
    json_end(settings);
    goal_found(GOAL_EDGE, &us);
}

int bench_edge(const struct settings *settings)
{
    static struct edge edge;
    size_t count = rounds_of(settings, LONG_ROUNDS);
    double worst[LONG_ROUNDS], p999[LONG_ROUNDS];
    struct spread tail, longest;

    if (!settings->runtime) {
        fprintf(stderr, "swrbench: edge needs the runtime: is SWR_ENABLE=0 set?\n");
        return 1;
    }
    for (size_t round = 0; round < count; round++) {
        if (!run(&edge)) {
            fprintf(stderr, "swrbench: edge: cannot start a thread\n");
            return 1;
        }
        p999[round] = (double)histogram_at(&edge.times, 0.999);
        worst[round] = (double)edge.times.max;
    }
    tail = spread_of(p999, count);
    longest = spread_of(worst, count);
    spread_warn(&tail, "edge", "p99.9");
    show(settings, &edge, &tail, &longest);
    return plot_edge(settings, &edge.times) ? 0 : 1;
}
