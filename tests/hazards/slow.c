/* S18, S36: bodies slower than the lives of their results. */
#include "hazard.h"

#include "../gate.h"
#include "base/clock.h"
#include "runtime/pool/pool.h"

static _Atomic int bodies, at_once, most;

SWR_CACHED(int, slow, (SWR_VAL(int, n)), .ttl_ms = 1000, .stale_ms = 59000, .jitter_pct = 0)
{
    return n * 1000 + ++bodies;
}

/* S18: while one refresh takes long, everybody else gets the old value, and no second one waits behind it. */
static void one_refresh(void)
{
    CHECK(slow(1) == 1001);
    swrcache_advance(1000);
    gate_close("leader.before_call");
    CHECK(slow(1) == 1001 && outcome() == SWR_STALE_HIT);
    gate_await(1);
    for (int i = 0; i < 1000; i++) {
        CHECK(slow(1) == 1001 && outcome() == SWR_STALE_HIT);
        CHECK(pool_state().queued == 0 && pool_state().running == 1);
        swrcache_advance(10);
    }
    CHECK(bodies == 1);
    gate_open();
    CHECK(swrcache_drain(10000));
    CHECK(bodies == 2);
}

/* Takes three times as long as its result is fresh. */
SWR_CACHED(int, slower, (SWR_VAL(int, n)), .ttl_ms = 1000, .stale_ms = SWR_FOREVER, .jitter_pct = 0)
{
    int now = ++at_once;
    if (now > most)
        most = now;
    clock_advance(3000 * NS_PER_MS);
    at_once--;
    return n * 1000 + ++bodies;
}

/* S36: each result is stored and seen, the refreshes follow one another, ages count from the start. */
static void always_late(void)
{
    struct swrcache_info info;
    bodies = 0;
    CHECK(slower(1) == 1001);
    for (int cycle = 1; cycle <= 100; cycle++) {
        gate_close("leader.before_call");
        CHECK(slower(1) == 1000 + cycle && outcome() == SWR_STALE_HIT);
        swrcache_last(&info);
        CHECK(info.age_ms == 3000);
        gate_open();
        CHECK(swrcache_drain(10000));
        CHECK(bodies == cycle + 1);
    }
    CHECK(most == 1);
}

int main(int argc, char **argv)
{
    (void)argc;
    with_manual_clock(argv);
    watchdog(60);
    one_refresh();
    always_late();
    return finish("slow bodies");
}
