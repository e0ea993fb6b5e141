/* Promise 8: a value is served no longer than its policy says, clocks jumping or not. */
#include "promise.h"

#include "base/clock.h"

static _Atomic int bodies, failing;

SWR_CACHED(int, aged, (SWR_VAL(int, id)), .ttl_ms = 1000, .stale_ms = 1000, .stale_if_error_ms = 5000,
           .jitter_pct = 0, .retry_ms = 10, .fails = SWR_FAILS_NEGATIVE)
{
    bodies++;
    return failing ? -1 : id + bodies;
}

SWR_CACHED(int, negative, (SWR_VAL(int, id)), .fails = SWR_FAILS_NEGATIVE, .negative_ms = 500,
           .jitter_pct = 0)
{
    return -id - ++bodies;
}

SWR_CACHED(int, spread, (SWR_VAL(int, id)), .ttl_ms = 1000, .stale_ms = 0, .stale_if_error_ms = 0,
           .jitter_pct = 50)
{
    return id + 0 * bodies++;
}

static void each_age(void)
{
    CHECK(aged(1) == 2 && outcome() == SWR_MISS);
    failing = 1;
    clock_advance(999 * NS_PER_MS + 999999);
    CHECK(aged(1) == 2 && outcome() == SWR_HIT);
    clock_advance(1);
    CHECK(aged(1) == 2 && outcome() == SWR_STALE_HIT);
    CHECK(swrcache_drain(10000));
    clock_advance(1000 * NS_PER_MS);
    CHECK(aged(1) == 2 && outcome() == SWR_FALLBACK_HIT);
    CHECK(swrcache_drain(10000));
    clock_advance(4000 * NS_PER_MS);
    CHECK(aged(1) == -1 && outcome() == SWR_MISS);
    failing = 0;
}

/* The age counts from before the computation began, however long that took. */
SWR_CACHED(int, late, (SWR_VAL(int, id)), .ttl_ms = 1000, .stale_ms = 0, .stale_if_error_ms = 0,
           .jitter_pct = 0)
{
    clock_advance(700 * NS_PER_MS);
    return id + ++bodies;
}

static void from_the_start(void)
{
    int v = late(1);
    clock_advance(299 * NS_PER_MS);
    CHECK(late(1) == v && outcome() == SWR_HIT);
    clock_advance(1 * NS_PER_MS);
    CHECK(late(1) == v + 1 && outcome() == SWR_MISS);
}

/* The clock jumps: by a day, and by more years than there are. */
static void jumps(void)
{
    for (int i = 0; i < 2; i++) {
        int v = aged(7 + i);
        CHECK(outcome() == SWR_MISS);
        clock_advance(i == 0 ? 86400 * 1000 * NS_PER_MS : CLOCK_NEVER);
        CHECK(aged(7 + i) != v && outcome() == SWR_MISS);
    }
}

int main(int argc, char **argv)
{
    (void)argc;
    with_manual_clock(argv);
    each_age();
    int v = negative(5);
    clock_advance(500 * NS_PER_MS - 1);
    CHECK(negative(5) == v && outcome() == SWR_HIT);
    clock_advance(1);
    CHECK(negative(5) == v - 1);
    /* Spread shortens lives, and never lengthens one. */
    bodies = 0;
    for (int id = 0; id < 100; id++)
        spread(id);
    clock_advance(499 * NS_PER_MS);
    for (int id = 0; id < 100; id++)
        spread(id);
    CHECK(bodies == 100);
    clock_advance(501 * NS_PER_MS);
    for (int id = 0; id < 100; id++)
        spread(id);
    CHECK(bodies == 200);
    from_the_start();
    jumps();
    return finish("promise 8");
}
