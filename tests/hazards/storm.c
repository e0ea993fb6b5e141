/*
 * S37: very many keys of one function are stale at once and fill the queue: another function's few are
 * refreshed in their turn all the same, and what made room for them is refreshed later.
 */
#include "hazard.h"

#include "runtime/pool/pool.h"
#include "base/os.h"

enum { ROOM = 8, MANY = 30, FEW = 3 };

static _Atomic uint32_t held = 1; /* futex */
static _Atomic int inside, order[MANY + FEW], bodies;
static __thread bool caller;

static int refreshed(int number)
{
    if (caller)
        return number;
    inside = 1;
    while (held != 0)
        os_futex_wait(&held, 1, UINT64_MAX);
    order[bodies++ % (MANY + FEW)] = number;
    return number;
}

SWR_CACHED(int, many, (SWR_VAL(int, n)), .ttl_ms = 1000, .stale_ms = 900000, .jitter_pct = 0)
{
    return refreshed(n);
}

SWR_CACHED(int, few, (SWR_VAL(int, n)), .ttl_ms = 1000, .stale_ms = 900000, .jitter_pct = 0)
{
    return refreshed(1000 + n) - 1000;
}

int main(int argc, char **argv)
{
    (void)argc;
    setenv("SWR_THREADS", "1", 1);
    setenv("SWR_QUEUE", "8", 1);
    with_manual_clock(argv);
    watchdog(60);
    caller = true;
    for (int n = 0; n < MANY; n++)
        CHECK(many(n) == n);
    for (int n = 0; n < FEW; n++)
        CHECK(few(n) == n);
    swrcache_advance(1000);
    /* One is computed, eight wait, the others found no room. */
    CHECK(many(0) == 0 && outcome() == SWR_STALE_HIT);
    while (inside == 0)
        pause_ms(1);
    for (int n = 1; n < MANY; n++)
        CHECK(many(n) == n && outcome() == SWR_STALE_HIT);
    CHECK(pool_state().queued == ROOM);
    for (int n = 0; n < FEW; n++)
        CHECK(few(n) == n && outcome() == SWR_STALE_HIT);
    CHECK(pool_state().queued == ROOM);
    held = 0;
    os_futex_wake(&held, INT32_MAX);
    CHECK(swrcache_drain(60000));
    CHECK(bodies == 1 + ROOM);
    /* In turns: all of the few are among the first. */
    int found = 0;
    for (int i = 0; i < 1 + 2 * FEW; i++)
        found += order[i] >= 1000;
    CHECK(found == FEW);
    /* Who made room, and who found none, is refreshed when it is asked for again. */
    for (int round = 0; bodies < MANY + FEW && round < 100; round++) {
        swrcache_advance(20);
        for (int n = 0; n < MANY; n++)
            CHECK(many(n) == n);
        CHECK(swrcache_drain(60000));
    }
    CHECK(bodies == MANY + FEW);
    int times[MANY + FEW] = {0};
    for (int i = 0; i < MANY + FEW; i++)
        times[order[i] >= 1000 ? MANY + order[i] - 1000 : order[i]]++;
    for (int i = 0; i < MANY + FEW; i++)
        CHECK(times[i] == 1);
    return finish("a storm of one function");
}
