/*
 * While refreshing fails the body runs at longer and longer intervals, twice as long each time up to
 * retry_max, and never at longer ones, were retry itself above it; what succeeds brings the first one back.
 */
#include "promise.h"

enum { STEP_MS = 500, TTL_MS = 1000 };

static _Atomic int bodies;
static _Atomic bool failing;

#define POLICY .ttl_ms = TTL_MS, .stale_ms = SWR_FOREVER, .jitter_pct = 0, .fails = SWR_FAILS_NEGATIVE

SWR_CACHED(int, doubling, (SWR_VAL(int, n)), POLICY, .retry_ms = 1000, .retry_max_ms = 4000)
{
    bodies++;
    return failing ? -1 : n;
}

SWR_CACHED(int, above, (SWR_VAL(int, n)), POLICY, .retry_ms = 5000, .retry_max_ms = 3000)
{
    bodies++;
    return failing ? -1 : n;
}

SWR_CACHED(int, between, (SWR_VAL(int, n)), POLICY, .retry_ms = 1000, .retry_max_ms = 3000)
{
    bodies++;
    return failing ? -1 : n;
}

enum { TRIES = 9 };

static const struct kind {
    int (*call)(int n);
    int wait[TRIES]; /* before each try, in ms; the first is the end of ttl */
} kinds[] = {
    {doubling, {TTL_MS, 1000, 2000, 4000, 4000, 4000, 4000, 4000, 4000}},
    {above, {TTL_MS, 3000, 3000, 3000, 3000, 3000, 3000, 3000, 3000}},
    {between, {TTL_MS, 1000, 2000, 3000, 3000, 3000, 3000, 3000, 3000}},
};

/* In short steps, so that one that comes too early is seen. */
static void expect_waits(const struct kind *k)
{
    for (int i = 0; i < TRIES; i++) {
        bodies = 0;
        for (int waited = 0; waited < k->wait[i]; waited += STEP_MS) {
            CHECK(k->call(7) == 7);
            CHECK(swrcache_drain(60000));
            CHECK(bodies == 0);
            swrcache_advance(STEP_MS);
        }
        CHECK(k->call(7) == 7 && outcome() == SWR_STALE_HIT);
        CHECK(swrcache_drain(60000));
        CHECK(bodies == 1);
    }
}

int main(int argc, char **argv)
{
    (void)argc;
    with_manual_clock(argv);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        failing = false;
        CHECK(kinds[i].call(7) == 7 && outcome() == SWR_MISS);
        failing = true;
        expect_waits(&kinds[i]);
        failing = false;
        swrcache_advance(5000);
        CHECK(kinds[i].call(7) == 7);
        CHECK(swrcache_drain(60000));
        CHECK(kinds[i].call(7) == 7 && outcome() == SWR_HIT);
        failing = true;
        expect_waits(&kinds[i]);
    }
    return finish("back-off");
}
