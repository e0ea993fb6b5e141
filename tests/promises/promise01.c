/* Promise 1: a fresh or stale call never runs the body, never waits, never takes a lock, never allocates. */
#include "promise.h"

#include "base/lock.h"
#include "base/os.h"

static _Atomic int bodies;

SWR_CACHED(long, square, (SWR_VAL(long, n)), .ttl_ms = 1000, .stale_ms = 1000, .jitter_pct = 0)
{
    bodies++;
    return n * n;
}

SWR_CACHED(long, length, (SWR_STR(text)), .ttl_ms = 1000, .jitter_pct = 0)
{
    bodies++;
    return (long)strlen(text);
}

int main(int argc, char **argv)
{
    (void)argc;
    with_manual_clock(argv);
    char text[101];
    memset(text, 'x', 100);
    text[100] = 0;
    CHECK(square(7) == 49 && length(text) == 100 && bodies == 2);
    CHECK(square(7) == 49);
    uint64_t locks = atomic_load(&lock_taken), allocations = os_alloc_count();
    for (int i = 0; i < 1000; i++) {
        CHECK(square(7) == 49 && outcome() == SWR_HIT);
        CHECK(length(text) == 100 && outcome() == SWR_HIT);
    }
    CHECK(bodies == 2);
    CHECK(atomic_load(&lock_taken) == locks);
    CHECK(os_alloc_count() == allocations);

    /* Stale: while the one refresh is held, the others take no lock and do not wait. */
    gate_close("leader.before_call");
    swrcache_advance(1500);
    CHECK(square(7) == 49 && outcome() == SWR_STALE_HIT);
    gate_await(1);
    locks = atomic_load(&lock_taken);
    allocations = os_alloc_count();
    for (int i = 0; i < 1000; i++)
        CHECK(square(7) == 49 && outcome() == SWR_STALE_HIT);
    CHECK(atomic_load(&lock_taken) == locks);
    CHECK(os_alloc_count() == allocations);
    gate_open();
    CHECK(swrcache_drain(10000));
    CHECK(bodies == 3);
    return finish("promise 1");
}
