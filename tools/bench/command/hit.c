/*
 * hit.c - what a hit costs, beside the floor and an empty function: the same keys, the same loop, in turn.
 */
#include <stdio.h>
#include <stdlib.h>

#include <swrcache.h>

#include "command.h"
#include "measure/contest.h"
#include "measure/goal.h"
#include "measure/loop.h"
#include "measure/plot.h"

SWR_DECLARE(int64_t, cached_mixed, (SWR_VAL(int64_t, key)));

enum {
    HOT_ENTRIES = 1000,
    SPREAD_ENTRIES = 1000000,
    HOT_LENGTH = 1 << 16,
    SPREAD_LENGTH = 1 << 20,
    CALLS = 1 << 17, /* of each thread in a slice */
    SPREAD_CALLS = 1 << 18,
};

enum { WAY_EMPTY, WAY_FLOOR, WAY_CACHED, WAYS };

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
static uint64_t loop_mixed(const void *state, const struct keys *keys, size_t from, size_t calls)
{
    size_t mask = keys->length - 1;
    uint64_t sum = 0;

    (void)state;
    for (size_t call = from; call < from + calls; call++) {
        int64_t key = keys->ints[call & mask];

        if (call % 100 == 0)
            SWR_INVALIDATE(cached_mixed, key);
        else if (call % 100 == 50)
            SWR_EXPIRE(cached_mixed, key);
        sum += (uint64_t)cached_mixed(key);
    }
    return sum;
}

#define WAYS_OF(empty, floor, cached)                                                                        \
    {                                                                                                        \
        {.name = "empty", .run = empty}, {.name = "floor", .run = floor},                                    \
        {                                                                                                    \
            .name = "cached", .run = cached                                                                  \
        }                                                                                                    \
    }

static const struct hit_case {
    const char *name;
    struct way ways[WAYS];
    bool strings;
    bool spread;
    int64_t (*cached)(int64_t key); /* of the number cases */
    int ratio, scaling;             /* goals, or -1 */
} cases[] = {
    {"int_hot", WAYS_OF(loop_empty_int, loop_floor_int, loop_cached_int), false, false, cached_int,
     GOAL_HOT_INT, GOAL_TWO_HOT_INT},
    {"int_spread", WAYS_OF(loop_empty_int, loop_floor_int, loop_cached_int), false, true, cached_int,
     GOAL_SPREAD_INT, GOAL_TWO_SPREAD_INT},
    {"string_hot", WAYS_OF(loop_empty_row, loop_floor_row, loop_cached_row), true, false, NULL,
     GOAL_HOT_STRING, GOAL_TWO_HOT_STRING},
    {"string_spread", WAYS_OF(loop_empty_row, loop_floor_row, loop_cached_row), true, true, NULL,
     GOAL_SPREAD_STRING, GOAL_TWO_SPREAD_STRING},
    {"int_hot_chain", WAYS_OF(chain_empty_int, chain_floor_int, chain_cached_int), false, false, cached_int,
     -1, -1},
    {"int_spread_chain", WAYS_OF(chain_empty_int, chain_floor_int, chain_cached_int), false, true, cached_int,
     -1, -1},
    {"int_hot_mixed", WAYS_OF(loop_empty_int, loop_floor_int, loop_mixed), false, false, cached_mixed, -1,
     GOAL_TWO_MIXED},
};

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

static void show(const struct settings *settings, const struct hit_case *hit, const struct contest *contest,
                 unsigned team, double hits)
{
    size_t rounds = (size_t)settings->rounds;
    struct spread ns[WAYS], ratio = contest_ratio(contest, WAY_CACHED, WAY_FLOOR, team, rounds);
    struct spread scaling = contest_scaling(contest, WAY_CACHED, team, rounds);
    unsigned threads = 1u << team;

    for (size_t way = 0; way < WAYS; way++)
        ns[way] = contest_ns(contest, way, team, rounds);
    spread_warn(&ratio, "hit", hit->name);
    if (!settings->json)
        printf("  %-16s %7u %9.2f %9.2f %9.2f %8.2f (%.2f to %.2f) %8.2f", hit->name, threads,
               ns[WAY_EMPTY].median, ns[WAY_FLOOR].median, ns[WAY_CACHED].median, ratio.median, ratio.min,
               ratio.max, scaling.median);
    if (!settings->json && settings->runtime)
        printf(" %7.2f\n", hits);
    else if (!settings->json)
        printf(" %7s\n", "-");
    json_begin(settings, "hit", hit->name, "ns", &ns[WAY_CACHED]);
    json_count("threads", threads);
    json_spread("floor_ns", &ns[WAY_FLOOR]);
    json_spread("ratio", &ratio);
    json_number("empty_ns", ns[WAY_EMPTY].median);
    json_spread("scaling", &scaling);
    json_number("hit_pct", hits);
    json_end(settings);
    fflush(stdout);
    if (team == 0 && hit->ratio >= 0)
        goal_found((enum goal)hit->ratio, &ratio);
    if (team == 1 && hit->scaling >= 0)
        goal_found((enum goal)hit->scaling, &scaling);
}

static void plot_scaling(struct plot *plot, const char *name, const struct contest *contest, size_t way,
                         size_t rounds)
{
    plot_curve(plot, name);
    for (unsigned team = 0; team < contest->teams; team++)
        plot_point(plot, 1u << team, 1e3 / contest_ns(contest, way, team, rounds).median);
}

static bool measure(const struct settings *settings, const struct hit_case *hit, const struct keys keys[2],
                    struct plot *plot)
{
    struct contest contest = {.ways = hit->ways,
                              .count = WAYS,
                              .teams = contest_teams(),
                              .keys = {&keys[0], &keys[1]},
                              .calls = hit->spread ? SPREAD_CALLS : CALLS,
                              .warm = hit->spread ? SPREAD_CALLS / 2 : CALLS / 4,
                              .long_slices = hit->spread};
    bool done = contest_run(&contest, settings, "hit");
    double hits = done ? hit_percent(settings, hit, &keys[0]) : 0;

    for (unsigned team = 0; done && team < contest.teams; team++)
        show(settings, hit, &contest, team, hits);
    if (done && hit->scaling >= 0)
        plot_scaling(plot, hit->name, &contest, WAY_CACHED, (size_t)settings->rounds);
    if (done && hit->ratio == GOAL_HOT_INT)
        plot_scaling(plot, "floor of int_hot", &contest, WAY_FLOOR, (size_t)settings->rounds);
    free(contest.ns);
    return done;
}

static bool run_case(const struct settings *settings, const struct hit_case *hit, struct plot *plot)
{
    size_t entries = hit->spread ? SPREAD_ENTRIES : HOT_ENTRIES;
    size_t length = hit->spread ? SPREAD_LENGTH : HOT_LENGTH;
    struct keys keys[2] = {0};
    bool ready = floor_open(entries);
    bool done = false;

    for (unsigned i = 0; ready && i < 2; i++)
        ready = keys_open(&keys[i], entries, length, hit->spread, hit->strings, i + 1);
    if (ready) {
        clear_hits();
        fill(hit, entries);
        done = measure(settings, hit, keys, plot);
    } else {
        fprintf(stderr, "swrbench: hit: out of memory\n");
    }
    for (unsigned i = 0; i < 2; i++)
        keys_close(&keys[i]);
    floor_close();
    return done;
}

int bench_hit(const struct settings *settings)
{
    struct plot *plot = plot_open(settings, "scaling", "Hits of threads together");
    bool done = !settings->plot || plot;

    if (!settings->json)
        printf("hit: ns a call over all threads together, medians of %d rounds\n"
               "  %-16s %7s %9s %9s %9s %8s %14s %8s %7s\n",
               settings->rounds, "case", "threads", "empty", "floor", "cached", "x floor", "", "scaling",
               "hit %");
    for (size_t i = 0; done && i < sizeof cases / sizeof *cases; i++)
        done = run_case(settings, &cases[i], plot);
    if (!plot_close(plot, "set xlabel 'threads'; set ylabel 'million calls a second'; set logscale x 2; "
                          "set yrange [0:*]; set key left top") ||
        !done)
        return 1;
    if (!settings->json)
        printf("\n");
    return 0;
}
