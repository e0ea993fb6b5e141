/*
 * held.c - hits on what is not simply fresh beside hits on what is: the same keys and the same loop, on old
 * values while their refreshes are held back, and on what a backend that is down leaves behind: values whose
 * refresh failed and is not due again, those past their stale time, and remembered failures.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <swrcache.h>

#include "measure/contest.h"
#include "measure/goal.h"
#include "measure/loop.h"
#include "stale.h"

enum { ENTRIES = 1000, LENGTH = 1 << 14, CALLS = 1 << 17, AGED_MS = 500 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t let_go = PTHREAD_COND_INITIALIZER;
static bool holding;
static atomic_bool down;

SWR_CACHED(int64_t, cached_held, (SWR_VAL(int64_t, key)), .ttl_ms = SWR_HOURS(1), .stale_ms = SWR_HOURS(10),
           .region = "bench.stale")
{
    pthread_mutex_lock(&lock);
    while (holding)
        pthread_cond_wait(&let_go, &lock);
    pthread_mutex_unlock(&lock);
    return key ^ INT_MIX;
}

/* The body of the others: what it gives stays the same, as all loops must come to one sum. */
static int64_t asked(int64_t key)
{
    if (down) {
        errno = ECONNREFUSED;
        swrcache_fail();
    }
    return key ^ INT_MIX;
}

SWR_CACHED(int64_t, cached_failing, (SWR_VAL(int64_t, key)), .ttl_ms = SWR_HOURS(1),
           .stale_ms = SWR_HOURS(10), .retry_ms = SWR_HOURS(5), .retry_max_ms = SWR_HOURS(5),
           .region = "bench.stale")
{
    return asked(key);
}

SWR_CACHED(int64_t, cached_fallback, (SWR_VAL(int64_t, key)), .ttl_ms = AGED_MS, .stale_ms = 0,
           .stale_if_error_ms = SWR_HOURS(10), .retry_ms = SWR_HOURS(5), .retry_max_ms = SWR_HOURS(5),
           .region = "bench.stale")
{
    return asked(key);
}

SWR_CACHED(int64_t, cached_failure, (SWR_VAL(int64_t, key)), .negative_ms = SWR_HOURS(10),
           .region = "bench.stale")
{
    return asked(key);
}

INT_LOOP(cached_int)
INT_LOOP(cached_held)
INT_LOOP(cached_failing)
INT_LOOP(cached_fallback)
INT_LOOP(cached_failure)

enum { FRESH, HELD, FAILING, FALLBACK, FAILURE, KINDS };

static const struct kind {
    const char *name, *what;
    int64_t (*call)(int64_t key);
    enum swrcache_outcome outcome;
    int refresh_errno, error; /* what swrcache_last() says, and what errno is after a hit */
} kinds[KINDS] = {
    {"fresh", "a fresh value", cached_int, SWR_HIT, 0, 0},
    {"held", "an old value", cached_held, SWR_STALE_HIT, 0, 0},
    {"failing", "an old value, its refresh failed", cached_failing, SWR_STALE_HIT, ECONNREFUSED, 0},
    {"fallback", "one past its stale time as well", cached_fallback, SWR_FALLBACK_HIT, ECONNREFUSED, 0},
    {"failure", "a remembered failure", cached_failure, SWR_HIT, 0, ECONNREFUSED},
};

static void hold(bool wanted)
{
    pthread_mutex_lock(&lock);
    holding = wanted;
    pthread_cond_broadcast(&let_go);
    pthread_mutex_unlock(&lock);
}

/* Of the calls of the sequence those that are answered as the kind is meant to be, in percent. */
static double served_percent(const struct kind *kind, const struct keys *keys)
{
    size_t served = 0;

    for (size_t at = 0; at < keys->length; at++) {
        struct swrcache_info info = {.outcome = SWR_BYPASS};
        int error;

        errno = 0;
        kind->call(keys->ints[at]);
        error = errno;
        swrcache_last(&info);
        served += info.outcome == kind->outcome && info.refresh_errno == kind->refresh_errno &&
                  error == kind->error;
    }
    return 100.0 * (double)served / (double)keys->length;
}

static void show(const struct settings *settings, const struct contest *contest, size_t at,
                 const struct keys *keys)
{
    size_t rounds = (size_t)settings->rounds;
    struct spread ns = contest_ns(contest, at, 0, rounds), fresh = contest_ns(contest, FRESH, 0, rounds);
    struct spread ratio = contest_ratio(contest, at, FRESH, 0, rounds);
    struct spread by_old = contest_ratio(contest, at, HELD, 0, rounds);
    double served = served_percent(&kinds[at], keys);

    spread_warn(&ratio, "stale", kinds[at].name);
    if (!settings->json)
        printf("  %-34s %8.2f %8.2f (%.2f to %.2f) %8.2f %9.1f\n", kinds[at].what, ns.median, ratio.median,
               ratio.min, ratio.max, by_old.median, served);
    json_begin(settings, "stale", kinds[at].name, "ns", &ns);
    json_spread("fresh_ns", &fresh);
    json_spread("ratio", &ratio);
    json_spread("old_ratio", &by_old);
    json_number("served_pct", served);
    json_end(settings);
    if (at == HELD)
        goal_found(GOAL_STALE_HIT, &ratio);
}

/* Every entry as its kind is meant to be. */
static void prepare(void)
{
    for (size_t id = 0; id < ENTRIES; id++)
        for (size_t at = FRESH; at < FAILURE; at++)
            kinds[at].call(key_int(id));
    usleep(AGED_MS * 1000);
    down = true;
    SWR_EXPIRE_ALL(cached_failing);
    for (size_t id = 0; id < ENTRIES; id++) {
        for (size_t at = FAILING; at < KINDS; at++)
            kinds[at].call(key_int(id));
        swrcache_drain(60000); /* each is tried: the queue is never full */
    }
    hold(true);
    SWR_EXPIRE_ALL(cached_held);
}

bool stale_held(const struct settings *settings)
{
    static const struct way ways[KINDS] = {{.name = "fresh", .run = loop_cached_int},
                                           {.name = "old", .run = loop_cached_held},
                                           {.name = "failing", .run = loop_cached_failing},
                                           {.name = "fallback", .run = loop_cached_fallback},
                                           {.name = "failure", .run = loop_cached_failure}};
    struct keys keys;
    struct contest contest = {
        .ways = ways, .count = KINDS, .teams = 1, .keys = {&keys, &keys}, .calls = CALLS, .warm = CALLS / 4};
    bool done = keys_open(&keys, ENTRIES, LENGTH, false, false, 1);

    if (done)
        prepare();
    done = done && contest_run(&contest, settings, "stale");
    if (done && !settings->json)
        printf("\n  %-34s %8s %8s %14s %8s %9s\n", "a hit on", "ns", "x fresh", "", "x old", "such %");
    for (size_t at = HELD; done && at < KINDS; at++)
        show(settings, &contest, at, &keys);
    hold(false);
    swrcache_drain(60000);
    free(contest.ns);
    keys_close(&keys);
    return done;
}
