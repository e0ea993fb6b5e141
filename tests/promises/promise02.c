/* Promise 2: at most one refresh of a key at a time; the lease comes back on every way out. */
#include "promise.h"

static _Atomic int bodies, at_once, most;
static _Atomic int failing;

SWR_CACHED(int, lookup, (SWR_VAL(int, id)), .ttl_ms = 1000, .stale_ms = SWR_FOREVER, .jitter_pct = 0,
           .retry_ms = 100, .fails = SWR_FAILS_NEGATIVE)
{
    int now = atomic_fetch_add(&at_once, 1) + 1;
    if (now > most)
        most = now;
    int n = ++bodies;
    atomic_fetch_sub(&at_once, 1);
    return failing ? -1 : id * 1000 + n;
}

static void *hammer(void *unused)
{
    (void)unused;
    for (int i = 0; i < 2000; i++)
        CHECK(lookup(1) >= 1000);
    return NULL;
}

int main(int argc, char **argv)
{
    (void)argc;
    with_manual_clock(argv);
    CHECK(lookup(1) == 1001);
    gate_close("leader.before_call");
    swrcache_advance(1500);
    pthread_t threads[4];
    CHECK(lookup(1) == 1001);
    gate_await(1);
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, hammer, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    gate_open();
    CHECK(swrcache_drain(10000));
    CHECK(bodies == 2 && most == 1);
    CHECK(lookup(1) == 1002 && outcome() == SWR_HIT);

    /* Given back by a failure, after the back-off. */
    failing = 1;
    swrcache_advance(1500);
    CHECK(lookup(1) == 1002);
    CHECK(swrcache_drain(10000));
    CHECK(bodies == 3);
    CHECK(lookup(1) == 1002 && outcome() == SWR_STALE_HIT);
    CHECK(swrcache_drain(10000));
    CHECK(bodies == 3);
    failing = 0;
    swrcache_advance(1000);
    CHECK(lookup(1) == 1002);
    CHECK(swrcache_drain(10000));
    CHECK(lookup(1) == 1004 && outcome() == SWR_HIT);
    return finish("promise 2");
}
