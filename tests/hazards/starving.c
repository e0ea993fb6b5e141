/* S28: one worker, and bodies that call cached functions that are stale or missing themselves. */
#include "hazard.h"

#include "runtime/pool/pool.h"

enum { DEPTH = 5 };

static _Atomic int world = 1, bodies;

SWR_CACHED(int, nested, (SWR_VAL(int, n)), .ttl_ms = 1000, .stale_ms = 10000, .stale_if_error_ms = 60000,
           .wait_ms = SWR_FOREVER, .jitter_pct = 0, .dependencies = SWR_DEPENDENCIES_OFF)
{
    bodies++;
    return n == 0 ? world : nested(n - 1);
}

static void all_stale(void)
{
    CHECK(nested(DEPTH) == 1 && bodies == DEPTH + 1);
    world = 2;
    bodies = 0;
    swrcache_advance(1500);
    CHECK(nested(DEPTH) == 1 && outcome() == SWR_STALE_HIT);
    CHECK(swrcache_drain(10000));
    CHECK(bodies == DEPTH + 1);
    CHECK(nested(0) == 2 && outcome() == SWR_HIT);
    CHECK(pool_state().threads <= 1);
}

/* The worker computes what its body misses: nobody else would. */
static void all_missing(void)
{
    world = 3;
    bodies = 0;
    for (int n = 0; n < DEPTH; n++)
        SWR_INVALIDATE(nested, n);
    swrcache_advance(1500);
    CHECK(nested(DEPTH) == 1 && outcome() == SWR_STALE_HIT);
    CHECK(swrcache_drain(10000));
    CHECK(bodies == DEPTH + 1);
    CHECK(nested(DEPTH) == 3 && outcome() == SWR_HIT);
}

/* Past the stale window callers wait for the pool, but a worker never does. */
static void all_fallback(void)
{
    world = 4;
    bodies = 0;
    swrcache_advance(15000);
    CHECK(nested(DEPTH) == 4 && outcome() != SWR_FALLBACK_HIT);
    CHECK(swrcache_drain(10000));
    CHECK(bodies == DEPTH + 1);
}

int main(int argc, char **argv)
{
    (void)argc;
    setenv("SWR_THREADS", "1", 1);
    with_manual_clock(argv);
    watchdog(60);
    all_stale();
    all_missing();
    all_fallback();
    return finish("a pool of one");
}
