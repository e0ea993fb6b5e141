/*
 * A refresh for which the queue has no room is dropped and counted, and its lease is given back: the key's
 * calls rest for a moment, then the next one claims it anew.
 */
#include "promise.h"

#include "runtime/pool/pool.h"
#include "runtime/registry/function.h"

enum { REST_MS = 20, RUNNING = 1, QUEUED, DROPPED };

static _Atomic int world = 1;

SWR_CACHED(int, lookup, (SWR_VAL(int, n)), .ttl_ms = 1000, .stale_ms = SWR_FOREVER, .jitter_pct = 0)
{
    return world * 10 + n;
}

static uint64_t dropped(void)
{
    return function_counter(function_at(0), COUNTER_dropped);
}

static void stale(int n)
{
    CHECK(lookup(n) == 10 + n && outcome() == SWR_STALE_HIT);
}

int main(int argc, char **argv)
{
    (void)argc;
    with_manual_clock(argv);
    with_environment(argv, "SWR_THREADS", "1");
    with_environment(argv, "SWR_QUEUE", "1");
    for (int n = RUNNING; n <= DROPPED; n++)
        CHECK(lookup(n) == 10 + n);
    swrcache_advance(1500);
    world = 2;
    gate_close("leader.before_call");
    stale(RUNNING);
    gate_await(1); /* the one worker stands in its body */
    stale(QUEUED);
    CHECK(dropped() == 0 && pool_state().queued == 1);
    stale(DROPPED);
    CHECK(dropped() == 1 && pool_state().queued == 1);
    for (int i = 0; i < 5; i++)
        stale(DROPPED); /* it rests */
    swrcache_advance(REST_MS - 1);
    stale(DROPPED);
    CHECK(dropped() == 1);
    swrcache_advance(1);
    stale(DROPPED); /* whose lease it was has it no more: this call claims it, and there is no room still */
    CHECK(dropped() == 2);
    gate_open();
    CHECK(swrcache_drain(60000));
    CHECK(lookup(RUNNING) == 20 + RUNNING && outcome() == SWR_HIT);
    CHECK(lookup(QUEUED) == 20 + QUEUED && outcome() == SWR_HIT);
    swrcache_advance(REST_MS);
    stale(DROPPED);
    CHECK(swrcache_drain(60000));
    CHECK(lookup(DROPPED) == 20 + DROPPED && outcome() == SWR_HIT);
    CHECK(dropped() == 2);
    return finish("dropped");
}
