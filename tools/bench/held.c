/*
 * held.c - a hit on an old value beside a hit on a fresh one: the same keys and the same loop, while the
 * refreshes are held back, so that all values stay old.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <swrcache.h>

#include "contest.h"
#include "goal.h"
#include "loop.h"
#include "stale.h"

enum { ENTRIES = 1000, LENGTH = 1 << 14, CALLS = 1 << 17 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t let_go = PTHREAD_COND_INITIALIZER;
static bool holding;

SWR_CACHED(int64_t, cached_held, (SWR_VAL(int64_t, key)), .ttl_ms = SWR_HOURS(1), .stale_ms = SWR_HOURS(10),
           .region = "bench.stale")
{
    pthread_mutex_lock(&lock);
    while (holding)
        pthread_cond_wait(&let_go, &lock);
    pthread_mutex_unlock(&lock);
    return key ^ INT_MIX;
}

INT_LOOP(cached_int)
INT_LOOP(cached_held)

static void hold(bool wanted)
{
    pthread_mutex_lock(&lock);
    holding = wanted;
    pthread_cond_broadcast(&let_go);
    pthread_mutex_unlock(&lock);
}

/* Of the calls of the sequence those that get an old value, in percent. */
static double old_percent(const struct keys *keys)
{
    size_t old = 0;

    for (size_t at = 0; at < keys->length; at++) {
        struct swrcache_info info = {.outcome = SWR_BYPASS};

        cached_held(keys->ints[at]);
        swrcache_last(&info);
        old += info.outcome == SWR_STALE_HIT;
    }
    return 100.0 * (double)old / (double)keys->length;
}

static void show(const struct settings *settings, const struct contest *contest, double old)
{
    size_t rounds = (size_t)settings->rounds;
    struct spread stale = contest_ns(contest, 1, 0, rounds), fresh = contest_ns(contest, 0, 0, rounds);
    struct spread ratio = contest_ratio(contest, 1, 0, 0, rounds);

    spread_warn(&ratio, "stale", "held");
    if (!settings->json)
        printf(
            "  a hit on an old value %.2f ns, on a fresh one %.2f: %.2f times (%.2f to %.2f); %.1f %% old\n",
            stale.median, fresh.median, ratio.median, ratio.min, ratio.max, old);
    json_begin(settings, "stale", "held", "ns", &stale);
    json_spread("fresh_ns", &fresh);
    json_spread("ratio", &ratio);
    json_number("old_pct", old);
    json_end(settings);
    goal_found(GOAL_STALE_HIT, &ratio);
}

bool stale_held(const struct settings *settings)
{
    static const struct way ways[] = {{.name = "fresh", .run = loop_cached_int},
                                      {.name = "old", .run = loop_cached_held}};
    struct keys keys;
    struct contest contest = {
        .ways = ways, .count = 2, .teams = 1, .keys = {&keys, &keys}, .calls = CALLS, .warm = CALLS / 4};
    bool done = keys_open(&keys, ENTRIES, LENGTH, false, false, 1);

    for (size_t id = 0; done && id < ENTRIES; id++) {
        cached_int(key_int(id));
        cached_held(key_int(id));
    }
    hold(true);
    SWR_EXPIRE_ALL(cached_held);
    done = done && contest_run(&contest, settings, "stale");
    if (done)
        show(settings, &contest, old_percent(&keys));
    hold(false);
    swrcache_drain(60000);
    free(contest.ns);
    keys_close(&keys);
    return done;
}
