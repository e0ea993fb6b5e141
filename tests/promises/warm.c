/*
 * keep_warm_ms: a key is refreshed on its timer as long as somebody calls it, were it one call between two
 * refreshes and thousands of hits before; keep_warm_idle refreshes after the last call it is left to grow
 * old. A timed refresh for which the queue has no room comes once it has, and counts once. One that fails, or
 * whose result is not stored, is tried again by the back-off of failures, counts too, and the first that
 * succeeds brings the rhythm back: also when the old value died meanwhile, and a failure is remembered in its
 * place.
 */
#include "promise.h"

enum { WARM_MS = 1000, AGAIN_MS = 10, IDLE = 3, LONG_IDLE = 300 };
enum { RETRY_MS = 100, RETRY_MOST_MS = 800, LATE_RETRY_MS = 5000, SHORT_MS = 150, TRIES = 20 };
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

enum { WELL, FAILS, SKIPS } world;

static int in_this_world(int n)
{
    bodies++;
    if (world == SKIPS)
        swrcache_skip();
    return world == FAILS ? -1 : n;
}

#define PATIENT .keep_warm_ms = WARM_MS, .jitter_pct = 0, .fails = SWR_FAILS_NEGATIVE

SWR_CACHED(int, failing, (SWR_VAL(int, n)), PATIENT, .ttl_ms = SWR_HOURS(1), .keep_warm_idle = TRIES,
           .retry_ms = RETRY_MS, .retry_max_ms = RETRY_MOST_MS)
{
    return in_this_world(n);
}

SWR_CACHED(int, dying, (SWR_VAL(int, n)), PATIENT, .ttl_ms = WARM_MS + SHORT_MS, .stale_ms = 0,
           .stale_if_error_ms = 0, .keep_warm_idle = TRIES, .retry_ms = RETRY_MS,
           .retry_max_ms = RETRY_MOST_MS)
{
    return in_this_world(n);
}

SWR_CACHED(int, remembering, (SWR_VAL(int, n)), PATIENT, .ttl_ms = WARM_MS + SHORT_MS, .stale_ms = 0,
           .stale_if_error_ms = 0, .negative_ms = SHORT_MS, .keep_warm_idle = TRIES, .retry_ms = RETRY_MS,
           .retry_max_ms = RETRY_MOST_MS)
{
    return in_this_world(n);
}

SWR_CACHED(int, backing_off, (SWR_VAL(int, n)), PATIENT, .ttl_ms = WARM_MS / 2, .keep_warm_idle = TRIES,
           .retry_ms = LATE_RETRY_MS)
{
    return in_this_world(n);
}

SWR_CACHED(int, plain, (SWR_VAL(int, n)), .ttl_ms = WARM_MS / 2, .jitter_pct = 0)
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
    CHECK(bodies - before == KEYS);
    (void)refreshed(WINDOWS, false); /* until they are left alone */
    CHECK(bodies - before == KEYS * IDLE);
}

/* The one place that a timer saw is taken by a call before the refresh is queued. */
static void too_late(void)
{
    CHECK(plain(1) == 1 && warm(200) == 200);
    int before = bodies;
    gate_close("timer.fires");
    swrcache_advance(WARM_MS);
    gate_await(1);
    CHECK(plain(1) == 1 && outcome() == SWR_STALE_HIT);
    gate_open();
    CHECK(swrcache_drain(LONG) && bodies == before + 1);
    advance(AGAIN_MS);
    CHECK(bodies == before + 2);
    CHECK(refreshed(WINDOWS, false) == IDLE - 1);
}

/* Runs `ms` through; a refresh came just at their end. */
static bool next_after(int ms)
{
    int before = bodies;
    advance(ms - 1);
    if (bodies != before)
        return false;
    advance(1);
    return bodies == before + 1;
}

/* One computation at the start, then timed ones: at the rhythm, by the back-off, at the rhythm again. */
static void goes_on(int (*f)(int), int n)
{
    world = WELL;
    CHECK(f(n) == n && outcome() == SWR_MISS);
    CHECK(next_after(WARM_MS));
    world = FAILS;
    CHECK(next_after(WARM_MS));
    for (int pause = RETRY_MS; pause < RETRY_MOST_MS; pause *= 2)
        CHECK(next_after(pause));
    CHECK(next_after(RETRY_MOST_MS));
    CHECK(next_after(RETRY_MOST_MS));
    world = WELL;
    CHECK(next_after(RETRY_MOST_MS));
    CHECK(f(n) == n && outcome() == SWR_HIT);
    CHECK(next_after(WARM_MS));
    world = FAILS;
    CHECK(next_after(WARM_MS));
    CHECK(next_after(RETRY_MS)); /* a success before: the back-off begins anew */
    /* The failed ones count: it is left alone after so many since the call. */
    int since = 3;
    for (int i = 0; i < 2 * TRIES; i++) {
        int before = bodies;
        advance(WARM_MS);
        since += bodies - before;
    }
    CHECK(since == TRIES + 1); /* the first of them saw the call */
}

static void not_stored(void)
{
    world = WELL;
    CHECK(failing(2) == 2);
    world = SKIPS;
    CHECK(next_after(WARM_MS));
    CHECK(next_after(RETRY_MS));
    CHECK(next_after(RETRY_MS));
    world = WELL;
    CHECK(next_after(RETRY_MS));
    CHECK(next_after(WARM_MS));
    CHECK(SWR_INVALIDATE(failing, 2) == 1);
}

/* A call's refresh fails before the timer is due: it waits for the end of that back-off, and is one. */
static void while_backing_off(void)
{
    world = WELL;
    CHECK(backing_off(1) == 1);
    advance(WARM_MS - SHORT_MS);
    world = FAILS;
    int before = bodies;
    CHECK(backing_off(1) == 1 && outcome() == SWR_STALE_HIT);
    CHECK(swrcache_drain(LONG) && bodies == before + 1);
    world = WELL;
    CHECK(next_after(LATE_RETRY_MS));
    CHECK(next_after(WARM_MS));
    CHECK(next_after(WARM_MS));
    CHECK(SWR_INVALIDATE(backing_off, 1) == 1);
}

/* A key whose first computation failed is remembered, not kept warm. */
static void never_a_value(void)
{
    world = FAILS;
    CHECK(remembering(3) == -1 && outcome() == SWR_MISS);
    CHECK(remembering(3) == -1 && outcome() == SWR_HIT);
    int before = bodies;
    for (int i = 0; i < TRIES; i++)
        advance(WARM_MS);
    CHECK(bodies == before);
}

int main(int argc, char **argv)
{
    (void)argc;
    setenv("SWR_QUEUE", "1", 1);
    setenv("SWR_THREADS", "1", 1);
    with_manual_clock(argv);
    keys_at_once();
    too_late();

    for (int hits = 0; hits < SETTLED; hits++)
        CHECK(warm(1) == 1);
    CHECK(refreshed(WINDOWS, true) == WINDOWS);
    CHECK(refreshed(WINDOWS, false) == IDLE);
    CHECK(warm(1) == 1 && outcome() == SWR_HIT);
    CHECK(refreshed(WINDOWS, false) == 0); /* its timer has ended */

    CHECK(warm_for_long(1) == 1);
    CHECK(refreshed(LONG_IDLE + WINDOWS, false) == LONG_IDLE);

    goes_on(failing, 1);
    goes_on(dying, 1);
    goes_on(remembering, 1);
    not_stored();
    while_backing_off();
    never_a_value();
    return finish("keep warm");
}
