/*
 * replay.c - the real table and evictor on recorded traces. Each point is a process of its own, with the
 * cache's size as its setting and time that stands still but for what bodies cost.
 */
#define _GNU_SOURCE
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <swrcache.h>

#include "child.h"
#include "oracle.h"
#include "plot.h"
#include "report.h"
#include "trace.h"

enum { SOFT_MS = 60 * 1000, HARD_MS = 300 * 1000, SIZES = 3 };

static const double sizes[SIZES] = {0.001, 0.01, 0.1}; /* of the different keys */

/* What computing a key costs, drawn from the key: 1 to 1,000 ms. */
enum law { LAW_NONE, LAW_TENTH, LAW_LOG, LAWS };

static const char *const law_names[LAWS] = {"none", "tenth", "log"};

static enum law body_law;

static unsigned cost_ms(uint64_t key, enum law law)
{
    double drawn;

    key ^= key >> 30;
    key = (key + 77) * 0xbf58476d1ce4e5b9u;
    key ^= key >> 27;
    key *= 0x94d049bb133111ebu;
    drawn = (double)((key ^ key >> 31) >> 11) * 0x1p-53;
    if (law == LAW_TENTH)
        return drawn < 0.9 ? 1 : 1000;
    return law == LAW_LOG ? (unsigned)pow(1000, drawn) : 0;
}

SWR_CACHED(uint64_t, replayed, (SWR_VAL(uint64_t, key)), .ttl_ms = SWR_FOREVER, .region = "bench.replay")
{
    unsigned cost = cost_ms(key, body_law);

    if (cost)
        swrcache_advance(cost);
    return key + 1;
}

SWR_CACHED(uint64_t, replayed_timed, (SWR_VAL(uint64_t, key)), .ttl_ms = SOFT_MS,
           .stale_ms = HARD_MS - SOFT_MS, .stale_if_error_ms = 0, .jitter_pct = 0, .region = "bench.replay")
{
    return key + 1;
}

static enum swrcache_outcome outcome(void)
{
    struct swrcache_info info;

    swrcache_last(&info);
    return info.outcome;
}

/* In the process of one point: what was hit, and what the hits would have cost by each law. */
static int replay_point(const struct trace *trace, enum law law)
{
    size_t hits = 0;
    double saved[LAWS] = {0};

    body_law = law;
    for (size_t at = 0; at < trace->length; at++) {
        if (replayed(trace->keys[at]) != trace->keys[at] + 1) {
            fprintf(stderr, "swrbench: replay: a wrong answer\n");
            return 1;
        }
        if (outcome() != SWR_HIT)
            continue;
        hits++;
        for (enum law by = LAW_TENTH; by < LAWS; by++)
            saved[by] += cost_ms(trace->keys[at], by);
    }
    printf("%zu %.17g %.17g\n", hits, saved[LAW_TENTH], saved[LAW_LOG]);
    return 0;
}

/* A caller only tries the pool's lock: a refresh that was dropped is asked for again. */
static void await_refresh(uint64_t key)
{
    uint64_t value;

    swrcache_drain(60000);
    for (int again = 0; again < 100 && SWR_PEEK(replayed_timed, &value, key) && outcome() != SWR_HIT;
         again++) {
        SWR_REFRESH(replayed_timed, key);
        swrcache_drain(60000);
    }
}

/* In the process of a timed replay: every answer beside the oracle's. */
static int replay_timed(const struct trace *trace)
{
    uint64_t expected[ORACLE_ANSWERS], counts[ORACLE_ANSWERS] = {0}, differ = 0, now = 0;
    unsigned char *oracle = oracle_answers(trace, SOFT_MS, HARD_MS, expected);

    if (!oracle) {
        fprintf(stderr, "swrbench: out of memory\n");
        return 1;
    }
    for (size_t at = 0; at < trace->length; at++) {
        enum oracle_answer answer;

        swrcache_advance(trace->ms[at] - now);
        now = trace->ms[at];
        replayed_timed(trace->keys[at]);
        answer = outcome() == SWR_HIT         ? ORACLE_FRESH
                 : outcome() == SWR_STALE_HIT ? ORACLE_STALE
                                              : ORACLE_MISS;
        if (answer == ORACLE_STALE)
            await_refresh(trace->keys[at]);
        counts[answer]++;
        differ += answer != oracle[at];
    }
    free(oracle);
    for (int kind = 0; kind < ORACLE_ANSWERS; kind++)
        printf("%llu %llu ", (unsigned long long)counts[kind], (unsigned long long)expected[kind]);
    printf("%llu\n", (unsigned long long)differ);
    return 0;
}

struct point {
    size_t entries, hits;
    double saved[LAWS], blind[LAWS]; /* by a cache that knows costs, and by one that does not */
};

static bool run_part(const char *path, const char *part, size_t entries, char *output, size_t size)
{
    char which[64], bound[64];
    const char *const args[] = {"replay", path, NULL};
    const char *const with[] = {which,           bound, "SWR_MAX_BYTES=1024G", "SWR_CLOCK=manual",
                                "SWR_CONTROL=0", NULL};

    snprintf(which, sizeof which, "SWRBENCH_PART=%s", part);
    snprintf(bound, sizeof bound, "SWR_MAX_ENTRIES=%zu", entries);
    return child_run(args, with, output, size);
}

static bool measure(const char *path, struct point *point)
{
    char output[256];

    for (enum law law = LAW_NONE; law < LAWS; law++) {
        size_t hits;
        double saved[LAWS];

        if (!run_part(path, law_names[law], point->entries, output, sizeof output) ||
            sscanf(output, "%zu %lf %lf", &hits, &saved[LAW_TENTH], &saved[LAW_LOG]) != 3)
            return false;
        if (law == LAW_NONE) {
            point->hits = hits;
            memcpy(point->blind, saved, sizeof saved);
        } else {
            point->saved[law] = saved[law];
        }
    }
    return true;
}

struct sums {
    struct plot *hits, *gain;
    size_t points;
    double hit_pct, saved[LAWS], blind[LAWS]; /* times as parts of what the whole trace costs */
};

static void show_point(const struct settings *settings, const struct trace *trace, const struct point *point,
                       struct sums *sums)
{
    double pct = 100.0 * (double)point->hits / (double)trace->length;
    double best = 100.0 * (double)(trace->length - trace->unique) / (double)trace->length;
    struct spread spread = {pct, pct, pct, 1};
    double gain[LAWS];

    sums->points++;
    sums->hit_pct += pct;
    for (enum law law = LAW_TENTH; law < LAWS; law++) {
        double whole = 0;

        for (size_t at = 0; at < trace->length; at++)
            whole += cost_ms(trace->keys[at], law);
        sums->saved[law] += point->saved[law] / whole;
        sums->blind[law] += point->blind[law] / whole;
        gain[law] = point->saved[law] / point->blind[law];
    }
    plot_point(sums->hits, 100.0 * (double)point->entries / (double)trace->unique, pct);
    if (point->blind[LAW_TENTH] > 0)
        plot_point(sums->gain, 100.0 * (double)point->entries / (double)trace->unique, gain[LAW_TENTH]);
    if (!settings->json) {
        printf("  %-14s %9zu %8.2f %8.2f %9.2f %9.2f\n", trace->name, point->entries, pct, best,
               gain[LAW_TENTH], gain[LAW_LOG]);
        fflush(stdout);
    }
    json_begin(settings, "replay", trace->name, "hit_pct", &spread);
    json_count("entries", point->entries);
    json_count("requests", trace->length);
    json_number("infinite_pct", best);
    json_number("saved_tenth", gain[LAW_TENTH]);
    json_number("saved_log", gain[LAW_LOG]);
    json_end(settings);
}

static bool show_timed(const struct settings *settings, const char *path, const struct trace *trace)
{
    unsigned long long counts[2 * ORACLE_ANSWERS], differ;
    char output[256];
    struct spread spread;

    if (!run_part(path, "timed", SIZE_MAX / 2, output, sizeof output) ||
        sscanf(output, "%llu %llu %llu %llu %llu %llu %llu", &counts[0], &counts[1], &counts[2], &counts[3],
               &counts[4], &counts[5], &differ) != 2 * ORACLE_ANSWERS + 1)
        return false;
    if (!settings->json)
        printf("  %s in time, ttl %d s, stale %d s more: fresh %llu (oracle %llu), stale %llu (%llu), miss "
               "%llu (%llu); %llu answers differ\n",
               trace->name, SOFT_MS / 1000, (HARD_MS - SOFT_MS) / 1000, counts[0], counts[1], counts[2],
               counts[3], counts[4], counts[5], differ);
    spread = (struct spread){(double)differ, (double)differ, (double)differ, 1};
    json_begin(settings, "replay", trace->name, "answers_differing", &spread);
    json_count("fresh", counts[0]);
    json_count("oracle_fresh", counts[1]);
    json_count("stale", counts[2]);
    json_count("oracle_stale", counts[3]);
    json_count("miss", counts[4]);
    json_count("oracle_miss", counts[5]);
    json_end(settings);
    if (differ)
        fprintf(stderr, "swrbench: replay: %llu answers are not the oracle's\n", differ);
    return differ == 0;
}

static bool replay(const struct settings *settings, const char *path, struct sums *sums)
{
    const char *part = getenv("SWRBENCH_PART");
    struct trace trace;
    bool done = true;

    if (!trace_open(&trace, path))
        return false;
    if (part) {
        enum law law = LAW_NONE;

        while (law < LAWS && strcmp(part, law_names[law]) != 0)
            law++;
        done = (law < LAWS ? replay_point(&trace, law) : trace.ms && replay_timed(&trace)) == 0;
        trace_close(&trace);
        return done;
    }
    plot_curve(sums->hits, trace.name);
    plot_curve(sums->gain, trace.name);
    for (int size = 0; done && size < SIZES; size++) {
        struct point point = {.entries = (size_t)lround(sizes[size] * (double)trace.unique)};

        if (point.entries == 0)
            point.entries = 1;
        done = measure(path, &point);
        if (done)
            show_point(settings, &trace, &point, sums);
        else
            fprintf(stderr, "swrbench: replay: %s could not be replayed\n", path);
    }
    if (done && trace.ms)
        done = show_timed(settings, path, &trace);
    trace_close(&trace);
    return done;
}

int bench_replay(const struct settings *settings)
{
    struct sums sums = {0};
    struct spread mean;
    bool right = true, drawn;

    if (!settings->runtime) {
        fprintf(stderr, "swrbench: replay needs the runtime: is SWR_ENABLE=0 set?\n");
        return 1;
    }
    if (!settings->json && !getenv("SWRBENCH_PART"))
        printf(
            "replay: hit ratio by entries; infinite: of a cache without bounds; time saved, as a multiple of "
            "a\n"
            "cache blind to cost: one key in ten costs 1,000 times as much | 1 to 1,000 evenly by magnitude\n"
            "  %-14s %9s %8s %8s %9s %9s\n",
            "trace", "entries", "hit %", "infinite", "1 in 10", "magnitude");
    if (!getenv("SWRBENCH_PART")) {
        sums.hits = plot_open(settings, "hit-ratio", "Hit ratio of recorded traces");
        sums.gain = plot_open(settings, "time-saved", "Time saved by knowing costs: one key in ten is dear");
        if (settings->plot && (!sums.hits || !sums.gain))
            return 1;
    }
    for (size_t i = 0; right && i < settings->count; i++)
        right = replay(settings, settings->args[i], &sums);
    drawn = plot_close(sums.hits,
                       "set logscale x; set xlabel 'entries, percent of the keys'; set ylabel 'hit %'");
    drawn &= plot_close(sums.gain, "set logscale xy; set xlabel 'entries, percent of the keys'; "
                                   "set ylabel 'times a cache that is blind to cost'");
    if (!right || !drawn)
        return 1;
    if (sums.points == 0)
        return 0;
    mean.median = mean.min = mean.max = sums.hit_pct / (double)sums.points;
    mean.rounds = 1;
    if (!settings->json)
        printf("  %-14s %9zu %8.2f %8s %9.2f %9.2f\n\n", "mean", sums.points, mean.median, "",
               sums.saved[LAW_TENTH] / sums.blind[LAW_TENTH], sums.saved[LAW_LOG] / sums.blind[LAW_LOG]);
    json_begin(settings, "replay", "mean", "hit_pct", &mean);
    json_count("points", sums.points);
    json_number("saved_tenth", sums.saved[LAW_TENTH] / sums.blind[LAW_TENTH]);
    json_number("saved_log", sums.saved[LAW_LOG] / sums.blind[LAW_LOG]);
    json_end(settings);
    return 0;
}
