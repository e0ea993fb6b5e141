/*
 * lagging.c - promise 8 with a coarse clock that lags: ends that nothing was taken off for that, those of
 * remembered failures and of fallback, come no later for it. The clock is the program's own.
 */
#include "promise.h"

#include "runtime/cache/retune.h"

#include <time.h>

enum { TICK_MS = 4 };

static _Atomic uint64_t now_ms = 1000000;
static _Atomic int bodies, failing;

int clock_getres(clockid_t id, struct timespec *tick)
{
    (void)id;
    *tick = (struct timespec){0, TICK_MS * 1000000};
    return 0;
}

/* Just before its next tick the coarse one lags by all of it. */
int clock_gettime(clockid_t id, struct timespec *now)
{
    uint64_t ms = now_ms - (id == CLOCK_MONOTONIC_COARSE ? TICK_MS : 0);
    *now = (struct timespec){(time_t)(ms / 1000), (long)(ms % 1000 * 1000000)};
    return 0;
}

static int answer(int n)
{
    bodies++;
    if (failing)
        swrcache_fail();
    return n + bodies;
}

#define POLICY                                                                                               \
    .ttl_ms = 1000, .stale_ms = 1000, .stale_if_error_ms = 5000, .retry_ms = 100000, .retry_max_ms = 100000, \
    .negative_ms = 500, .jitter_pct = 0, .refresh = SWR_REFRESH_CALLER

SWR_CACHED(int, plain, (SWR_VAL(int, n)), POLICY)
{
    return answer(n);
}

static bool never(void)
{
    return false;
}

/* Asked whether to bypass, its calls take the longer way. */
SWR_CACHED(int, longer, (SWR_VAL(int, n)), POLICY, .unless = never)
{
    return answer(n);
}

/* Every call of the time gets it, and the first one afterwards computes. */
static void lives(int (*ask)(int), int got, int from_ms, int until_ms, enum swrcache_outcome how)
{
    for (int ms = from_ms; ms < until_ms; ms++, now_ms++)
        CHECK(ask(1) == got && outcome() == how);
    CHECK(ask(1) != got && outcome() == SWR_MISS);
}

static void both_ends(int (*ask)(int))
{
    failing = 1;
    lives(ask, ask(1), 0, 500, SWR_HIT);
    now_ms += 500;
    failing = 0;
    int good = ask(1);
    CHECK(outcome() == SWR_MISS);
    failing = 1;
    now_ms += 3000;
    lives(ask, good, 3000, 6000, SWR_FALLBACK_HIT);
    now_ms += 500;
}

/* So do ends of fresh that came with another ttl, for what was there already. */
static void other_ttl(void)
{
    struct function *f = swrcache_site_plain.function;
    failing = 0;
    swrcache_invalidate("all");
    int got = plain(1), ms = 0;
    atomic_store(&f->settings.ttl, 2000 * NS_PER_MS);
    cache_retune(f);
    while (plain(1) == got && outcome() == SWR_HIT && ms < 3000)
        ms++, now_ms++;
    CHECK(ms > 2000 - 4 * TICK_MS && ms <= 2000);
}

int main(void)
{
    both_ends(plain);
    both_ends(longer);
    other_ttl();
    return finish("promise 8, a lagging clock");
}
