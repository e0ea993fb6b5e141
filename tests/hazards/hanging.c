/* S20: bodies that never return: others are refreshed all the same, callers get through, exit works. */
#include "hazard.h"

#include "runtime/pool/pool.h"

enum { HUNG = 3, HEALTHY = 100 };

static _Atomic int hanging, healthy_bodies;
static __thread bool caller;

SWR_CACHED(int, look, (SWR_VAL(int, n)), .ttl_ms = 1000, .stale_ms = 9000, .stale_if_error_ms = 9000,
           .wait_ms = 0, .jitter_pct = 0)
{
    if (n < HUNG && !caller) {
        hanging++;
        for (;;)
            pause();
    }
    if (n >= HUNG)
        healthy_bodies++;
    return n;
}

/* A caller that finds the pool busy leaves the refresh to a later one: so calls go on. */
static void until_hanging(int least)
{
    while (hanging < least) {
        swrcache_advance(2);
        for (int n = 0; n < HUNG; n++)
            CHECK(look(n) == n);
        pause_ms(1);
    }
}

int main(int argc, char **argv)
{
    (void)argc;
    with_manual_clock(argv);
    watchdog(60);
    caller = true;
    for (int n = 0; n < HUNG + HEALTHY; n++)
        CHECK(look(n) == n);
    swrcache_advance(1000);
    for (int n = 0; n < HUNG; n++)
        CHECK(look(n) == n && outcome() == SWR_STALE_HIT);
    until_hanging(2);
    /* Two workers hang: after a second without progress others come. */
    swrcache_advance(1500);
    healthy_bodies = 0;
    for (int n = HUNG; n < HUNG + HEALTHY; n++)
        CHECK(look(n) == n && outcome() == SWR_STALE_HIT);
    until_hanging(HUNG);
    swrcache_advance(1500);
    for (int round = 0; healthy_bodies < HEALTHY; round++) {
        for (int n = HUNG; n < HUNG + HEALTHY; n++)
            CHECK(look(n) == n);
        swrcache_advance(1);
        pause_ms(1);
    }
    CHECK(pool_state().threads <= 2 + 6);
    /* Past its life a hung key's callers wait no longer than wait_ms and call through. */
    swrcache_advance(10000);
    for (int n = 0; n < HUNG; n++)
        CHECK(look(n) == n && outcome() != SWR_STALE_HIT && outcome() != SWR_COALESCED);
    /* Past the deadline of the lost lease the key is cached again. */
    swrcache_advance(61000);
    for (int n = 0; n < HUNG; n++) {
        CHECK(look(n) == n && outcome() == SWR_MISS);
        CHECK(look(n) == n && outcome() == SWR_HIT);
    }
    return finish("hanging bodies");
}
