/*
 * keep_warm_ms: a key is refreshed on its timer as long as somebody calls it, were it one call between two
 * refreshes and thousands of hits before; keep_warm_idle refreshes after the last call it is left to grow
 * old. A timed refresh for which the queue has no room comes soon, and counts once.
 */
#include "promise.h"

enum { WARM_MS = 1000, AGAIN_MS = 10, IDLE = 3, LONG_IDLE = 300 };
enum { SETTLED = 5000, WINDOWS = 60, KEYS = 20, LONG = 3600000 };

static _Atomic int bodies;

SWR_CACHED(int, warm, (SWR_VAL(int, n)), .ttl_ms = SWR_HOURS(1), .keep_warm_ms = WARM_MS,
           .keep_warm_idle = IDLE, .jitter_pct = 0)
{
    bodies++;
    return n;
}

SWR_CACHED(int, warm_for_long, (SWR_VAL(int, n)), .ttl_ms = SWR_HOURS(1), .keep_warm_ms = WARM_MS,
           .keep_warm_idle = LONG_IDLE, .jitter_pct = 0)
{
    bodies++;
    return n;
}

static void advance(int ms)
{
    swrcache_advance(ms);
    CHECK(swrcache_drain(LONG));
}

/* Timed refreshes while so many windows pass, with a call in each of them or none. */
static int refreshed(int windows, bool called)
{
    int before = bodies;
    for (int i = 0; i < windows; i++) {
        CHECK(!called || (warm(1) == 1 && outcome() == SWR_HIT));
        advance(WARM_MS + 1);
    }
    return bodies - before;
}

static void keys_at_once(void)
{
    for (int n = 0; n < KEYS; n++)
        CHECK(warm(100 + n) == 100 + n);
    int before = bodies;
    advance(WARM_MS);
    CHECK(bodies - before < KEYS); /* or the queue was never full */
    for (int i = 0; i < KEYS; i++)
        advance(AGAIN_MS);
    CHECK(bodies - before == KEYS);
}

int main(int argc, char **argv)
{
    (void)argc;
    setenv("SWR_QUEUE", "1", 1);
    setenv("SWR_THREADS", "1", 1);
    with_manual_clock(argv);
    keys_at_once();
    (void)refreshed(WINDOWS, false); /* until they are left alone */
    CHECK(refreshed(1, false) == 0);

    for (int hits = 0; hits < SETTLED; hits++)
        CHECK(warm(1) == 1);
    CHECK(refreshed(WINDOWS, true) == WINDOWS);
    CHECK(refreshed(WINDOWS, false) == IDLE);
    CHECK(warm(1) == 1 && outcome() == SWR_HIT);
    CHECK(refreshed(WINDOWS, false) == 0); /* its timer has ended */

    CHECK(warm_for_long(1) == 1);
    CHECK(refreshed(LONG_IDLE + WINDOWS, false) == LONG_IDLE);
    return finish("keep warm");
}
