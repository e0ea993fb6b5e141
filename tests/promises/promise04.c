/*
 * Promise 4: after an invalidation no later call gets a value computed before it, whichever computation was
 * in flight; after an expiry the old value may be served, and the refresh it starts sees the new world.
 */
#include "promise.h"

static _Atomic int world = 1;
static _Atomic int bodies;

SWR_CACHED(int, look, (SWR_VAL(int, id)), .ttl_ms = 1000, .stale_ms = SWR_FOREVER, .jitter_pct = 0)
{
    bodies++;
    return id * 100 + world;
}

static void *first(void *result)
{
    *(int *)result = look(1);
    return NULL;
}

static void race(int whole)
{
    pthread_t thread;
    int old = 0;
    world = 1;
    SWR_INVALIDATE_ALL(look);
    /* A miss has computed in the old world and is held before it can be stored. */
    gate_close("leader.after_call");
    pthread_create(&thread, NULL, first, &old);
    gate_await(1);
    world = 2;
    if (whole)
        SWR_INVALIDATE_ALL(look);
    else
        SWR_INVALIDATE(look, 1);
    gate_open();
    CHECK(look(1) == 102);
    pthread_join(thread, NULL);
    CHECK(old == 101);
    CHECK(look(1) == 102);
    /* The same with a refresh. */
    gate_close("leader.after_call");
    swrcache_advance(1500);
    CHECK(look(1) == 102 && outcome() == SWR_STALE_HIT);
    gate_await(1);
    world = 3;
    if (whole)
        CHECK(SWR_INVALIDATE_ALL(look) == 1);
    else
        CHECK(SWR_INVALIDATE(look, 1) == 1);
    gate_open();
    CHECK(look(1) == 103);
    CHECK(swrcache_drain(10000));
    CHECK(look(1) == 103);
}

int main(int argc, char **argv)
{
    (void)argc;
    with_manual_clock(argv);
    race(0);
    race(1);

    /* Expiry during a refresh: what that refresh brings is stale at once. */
    swrcache_advance(1500);
    gate_close("leader.after_call");
    CHECK(look(1) == 103);
    gate_await(1);
    world = 4;
    SWR_EXPIRE(look, 1);
    gate_open();
    CHECK(swrcache_drain(10000));
    CHECK(look(1) == 103 && outcome() == SWR_STALE_HIT);
    CHECK(swrcache_drain(10000));
    CHECK(look(1) == 104 && outcome() == SWR_HIT);
    CHECK(SWR_INVALIDATE(look, 99) == 0);
    return finish("promise 4");
}
