/*
 * swrcache_drain(): true as soon as nothing is left, also when what was due came to nothing: a timed refresh
 * of a key that is no more; and not before, also when a worker has taken out what is due and not queued it
 * yet.
 */
#include "promise.h"

#include <sched.h>
#include <unistd.h>

#include "base/sync.h"

enum { ROUNDS = 300, LONG = 3600000 };

static _Atomic bool armed, waits, resting;

SWR_CACHED(int, warm, (SWR_VAL(int, n)), .ttl_ms = 1000, .keep_warm_ms = 500, .jitter_pct = 0)
{
    return n;
}

/* The worker looks at its timers only when somebody already waits for it. */
static void in_order(const char *point)
{
    if (strcmp(point, "drain.waits") == 0) {
        waits = true;
    } else if (strcmp(point, "worker.idle") == 0) {
        resting = true;
    } else if (strcmp(point, "worker.woken") == 0) {
        resting = false;
        if (armed && !waits) {
            resting = true;
            while (!waits)
                sched_yield();
        }
    }
}

int main(int argc, char **argv)
{
    (void)argc;
    /* A second worker could start late, and look at the timers before it ever slept. */
    setenv("SWR_THREADS", "1", 1);
    with_manual_clock(argv);
    alarm(600);
    atomic_store(&sync_hook, in_order);
    CHECK(warm(-1) == -1);
    swrcache_advance(600); /* now there is a worker */
    CHECK(swrcache_drain(LONG));
    CHECK(warm(0) == 0 && SWR_INVALIDATE_ALL(warm) != 0);
    waits = false;
    armed = true;
    while (!resting) /* it may be awake still, on its way to look */
        sched_yield();
    swrcache_advance(5000);
    CHECK(swrcache_drain(LONG)); /* a wait in vain ends by the alarm */
    CHECK(waits);
    armed = false;
    for (int n = 1; n < ROUNDS; n++) {
        CHECK(warm(n) == n);
        if (n % 3 != 0)
            SWR_INVALIDATE(warm, n);
        swrcache_advance(n % 2 == 0 ? 600 : 5000);
        CHECK(swrcache_drain(LONG));
    }
    CHECK(SWR_INVALIDATE_ALL(warm) != 0);
    swrcache_advance(LONG);
    CHECK(swrcache_drain(LONG)); /* no timer is left */
    gate_close("timer.fires");
    CHECK(warm(ROUNDS) == ROUNDS);
    swrcache_advance(600);
    gate_await(1);
    CHECK(!swrcache_drain(0));
    gate_open();
    CHECK(swrcache_drain(LONG));
    return finish("draining");
}
