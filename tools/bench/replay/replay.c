/*
 * replay.c - the real table and evictor on traces, beside exact LRU and ARC.
 */
#define _GNU_SOURCE
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure/child.h"
#include "measure/goal.h"
#include "made.h"
#include "oracle.h"
#include "measure/plot.h"
#include "policy.h"
#include "replay.h"

enum { SIZES = 3 };

static const double sizes[SIZES] = {0.001, 0.01, 0.1}; /* of the different keys */
static const char *const law_names[LAWS] = {"none", "tenth", "log"};

struct point {
    size_t entries, hits;
    struct policy_hits others;
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
    size_t points, skipped;
    double hit_pct, lru_pct, arc_pct;
    double saved[LAWS], blind[LAWS]; /* times as parts of what the whole trace costs */
};

static void show_point(const struct settings *settings, const struct trace *trace, const struct point *point,
                       struct sums *sums)
{
    double pct = 100.0 * (double)point->hits / (double)trace->length;
    double best = 100.0 * (double)(trace->length - trace->unique) / (double)trace->length;
    double lru = 100.0 * (double)point->others.lru / (double)trace->length;
    double arc = 100.0 * (double)point->others.arc / (double)trace->length;
    struct spread spread = spread_one(pct), above = spread_one(pct - lru);
    double gain[LAWS];
    char of[96];

    sums->points++;
    sums->hit_pct += pct;
    sums->lru_pct += lru;
    sums->arc_pct += arc;
    snprintf(of, sizeof of, "%s at %zu", trace->name, point->entries);
    goal_worst(GOAL_RATIO_LRU, &above, of);
    for (enum law law = LAW_TENTH; law < LAWS; law++) {
        double whole = 0;

        for (size_t at = 0; at < trace->length; at++)
            whole += replay_cost(trace->keys[at], law);
        sums->saved[law] += point->saved[law] / whole;
        sums->blind[law] += point->blind[law] / whole;
        gain[law] = point->saved[law] / point->blind[law];
    }
    plot_point(sums->hits, 100.0 * (double)point->entries / (double)trace->unique, pct);
    if (point->blind[LAW_TENTH] > 0)
        plot_point(sums->gain, 100.0 * (double)point->entries / (double)trace->unique, gain[LAW_TENTH]);
    if (!settings->json) {
        printf("  %-14s %9zu %8.2f %8.2f %8.2f %8.2f %9.2f %9.2f\n", trace->name, point->entries, pct, lru,
               arc, best, gain[LAW_TENTH], gain[LAW_LOG]);
        fflush(stdout);
    }
    json_begin(settings, "replay", trace->name, "hit_pct", &spread);
    json_count("entries", point->entries);
    json_count("requests", trace->length);
    json_number("lru_pct", lru);
    json_number("arc_pct", arc);
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
    spread = spread_one((double)differ);
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

/* In the process of one point. */
static int replay_part(const char *part, const char *path)
{
    struct trace trace;
    enum law law = LAW_NONE;
    int status;

    if (!trace_open(&trace, path))
        return 1;
    while (law < LAWS && strcmp(part, law_names[law]) != 0)
        law++;
    status = law < LAWS ? replay_point(&trace, law) : trace.ms ? replay_timed(&trace) : 1;
    trace_close(&trace);
    return status;
}

static bool replay(const struct settings *settings, const char *path, struct sums *sums)
{
    struct trace trace;
    bool done = true;

    if (!trace_open(&trace, path))
        return false;
    if (settings->quick && trace.length > QUICK_LENGTH) {
        sums->skipped++;
        trace_close(&trace);
        return true;
    }
    plot_curve(sums->hits, trace.name);
    plot_curve(sums->gain, trace.name);
    for (int size = 0; done && size < SIZES; size++) {
        struct point point = {.entries = (size_t)lround(sizes[size] * (double)trace.unique)};

        if (point.entries == 0)
            point.entries = 1;
        done = policy_hits(&trace, point.entries, &point.others) && measure(path, &point);
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

static void show_mean(const struct settings *settings, const struct sums *sums, bool made)
{
    static char note[160];
    double points = (double)sums->points;
    struct spread mean = spread_one(sums->hit_pct / points);
    struct spread by_arc = spread_one(sums->hit_pct / sums->arc_pct);
    struct spread saved = spread_one(sums->saved[LAW_TENTH] / sums->blind[LAW_TENTH]);

    if (!settings->json)
        printf("  %-14s %9zu %8.2f %8.2f %8.2f %8s %9.2f %9.2f\n\n", "mean", sums->points, mean.median,
               sums->lru_pct / points, sums->arc_pct / points, "", saved.median,
               sums->saved[LAW_LOG] / sums->blind[LAW_LOG]);
    json_begin(settings, "replay", "mean", "hit_pct", &mean);
    json_count("points", sums->points);
    json_number("lru_pct", sums->lru_pct / points);
    json_number("arc_pct", sums->arc_pct / points);
    json_number("saved_tenth", saved.median);
    json_number("saved_log", sums->saved[LAW_LOG] / sums->blind[LAW_LOG]);
    json_end(settings);
    snprintf(note, sizeof note, "%zu points%s%s", sums->points,
             made ? " of traces made here; recorded ones: --traces DIR" : "",
             sums->skipped ? "; --quick leaves long traces out" : "");
    goal_found(GOAL_RATIO_ARC, &by_arc);
    goal_note(GOAL_RATIO_ARC, note);
    goal_found(GOAL_COST_AWARE, &saved);
    goal_note(GOAL_COST_AWARE, note);
    goal_note(GOAL_RATIO_LRU, note);
}

static bool open_plots(const struct settings *settings, struct sums *sums)
{
    sums->hits = plot_open(settings, "hit-ratio", "Hit ratio of traces");
    sums->gain = plot_open(settings, "time-saved", "Time saved by knowing costs: one key in ten is dear");
    return !settings->plot || (sums->hits && sums->gain);
}

static bool close_plots(struct sums *sums)
{
    bool drawn = plot_close(sums->hits,
                            "set logscale x; set xlabel 'entries, percent of the keys'; set ylabel 'hit %'");

    return plot_close(sums->gain, "set logscale xy; set xlabel 'entries, percent of the keys'; "
                                  "set ylabel 'times a cache that is blind to cost'") &&
           drawn;
}

int bench_replay(const struct settings *settings)
{
    const char *part = getenv("SWRBENCH_PART");
    struct sums sums = {0};
    struct traces traces;
    bool right, drawn;

    if (!settings->runtime) {
        fprintf(stderr, "swrbench: replay needs the runtime: is SWR_ENABLE=0 set?\n");
        return 1;
    }
    if (part)
        return settings->count == 1 ? replay_part(part, settings->args[0]) : 2;
    right = traces_open(&traces, settings) && open_plots(settings, &sums);
    if (right && !settings->json)
        printf("replay: hit ratio by entries, beside exact LRU and ARC; infinite: of a cache without bounds; "
               "time\n"
               "saved, as a multiple of a cache blind to cost: one key in ten costs 1,000 times as much | 1 "
               "to\n"
               "1,000 evenly by magnitude%s\n"
               "  %-14s %9s %8s %8s %8s %8s %9s %9s\n",
               traces.made ? ". Traces made here; recorded ones: --traces DIR" : "", "trace", "entries",
               "hit %", "LRU", "ARC", "infinite", "1 in 10", "magnitude");
    for (size_t i = 0; right && i < traces.count; i++)
        right = replay(settings, traces.paths[i], &sums);
    drawn = close_plots(&sums);
    if (right && sums.points > 0)
        show_mean(settings, &sums, traces.made);
    traces_close(&traces);
    return right && drawn ? 0 : 1;
}
