/* S22: C++ exceptions out of a body: to the caller on its own thread, a failed refresh on a worker. */
#include "hazard.h"

#include "../gate.h"
#include "base/epoch.h"
#include "throwing.h"

#include "base/clock.h"
#include "runtime/compute/suspect.h"
#include "runtime/registry/mode.h"

enum { WAITERS = 4 };

static _Atomic int bodies, throwing, caught;

SWR_CACHED(int, load, (SWR_VAL(int, n)), .ttl_ms = 1000, .stale_ms = SWR_FOREVER, .retry_ms = 1000,
           .jitter_pct = 0)
{
    bodies++;
    if (atomic_exchange(&throwing, 0))
        cxx_throw(n);
    return n + 1;
}

static void at_the_caller(void)
{
    throwing = 1;
    CHECK(cxx_catch(load, 5) == -5 && bodies == 1);
    CHECK(load(5) == 6 && bodies == 2);
    CHECK(load(5) == 6 && outcome() == SWR_HIT);
}

static void *leader(void *unused)
{
    (void)unused;
    if (cxx_catch(load, 7) == -7)
        caught++;
    return NULL;
}

static void *waiter(void *unused)
{
    (void)unused;
    CHECK(cxx_catch(load, 7) == 8);
    return NULL;
}

/* Whoever waited for the one that threw tries itself; they do not all throw, nor hang. */
static void with_waiters(void)
{
    pthread_t threads[WAITERS + 1];
    bodies = 0;
    throwing = 1;
    gate_close("leader.before_call");
    pthread_create(&threads[0], NULL, leader, NULL);
    gate_await(1);
    for (int i = 1; i <= WAITERS; i++)
        pthread_create(&threads[i], NULL, waiter, NULL);
    gate_open();
    for (int i = 0; i <= WAITERS; i++)
        pthread_join(threads[i], NULL);
    CHECK(caught == 1 && bodies == 2);
}

static void on_a_worker(void)
{
    int before = bodies;
    swrcache_advance(1000);
    throwing = 1;
    CHECK(load(7) == 8 && outcome() == SWR_STALE_HIT);
    CHECK(swrcache_drain(10000));
    CHECK(bodies == before + 1);
    /* Failed: tried again after the pause, not before. */
    CHECK(load(7) == 8 && outcome() == SWR_STALE_HIT);
    CHECK(swrcache_drain(10000));
    CHECK(bodies == before + 1);
    swrcache_advance(1000);
    CHECK(load(7) == 8 && outcome() == SWR_STALE_HIT);
    CHECK(swrcache_drain(10000));
    CHECK(bodies == before + 2);
    CHECK(load(7) == 8 && outcome() == SWR_HIT);
}

static _Atomic int asked;

SWR_CACHED(int, around, (SWR_VAL(int, n)), .ttl_ms = 1000, .stale_ms = SWR_FOREVER, .jitter_pct = 0)
{
    return cxx_catch(load, n + asked++) * 10;
}

/* What a body throws and another around it catches is theirs alone, also on a worker, and beside a hit. */
static void caught_within(void)
{
    struct function *f = swrcache_site_around.function;
    CHECK(around(1000) == 10010);
    swrcache_advance(1000);
    throwing = 1;
    CHECK(around(1000) == 10010 && outcome() == SWR_STALE_HIT && swrcache_drain(10000));
    CHECK(around(1000) == -10010 && outcome() == SWR_HIT && throwing == 0);
    mode_set(f, &(struct mode_wish){FUNCTION_SHADOW, MODE_ALL, CLOCK_NEVER});
    throwing = 1;
    CHECK(around(1000) == -10010 && outcome() == SWR_HIT && throwing == 0 && asked == 3);
    swrcache_advance(SUSPECT_WAIT / NS_PER_MS);
    suspect_judge();
    CHECK(function_counter(f, COUNTER_compared) == 1 && function_counter(f, COUNTER_differed) == 1);
    /* One that nobody catches: the caller has its answer all the same, and nothing is said of it. */
    f = swrcache_site_load.function;
    CHECK(load(50) == 51);
    mode_set(f, &(struct mode_wish){FUNCTION_SHADOW, MODE_ALL, CLOCK_NEVER});
    throwing = 1;
    CHECK(cxx_catch(load, 50) == 51 && outcome() == SWR_HIT && throwing == 0);
    CHECK(function_counter(f, COUNTER_compared) == 0);
    mode_set(f, &(struct mode_wish){FUNCTION_ON, MODE_ALL, CLOCK_NEVER});
}

static _Atomic int objects;

static int *object_copy(const int *object)
{
    int *copy = malloc(sizeof *copy);
    if (copy != NULL) {
        *copy = *object;
        objects++;
    }
    return copy;
}

static void object_free(int *object)
{
    objects--;
    free(object);
}

SWR_CACHED_OBJECT(int, object, (SWR_VAL(int, n)), object_copy, object_free, .ttl_ms = 1000, .stale_ms = 0,
                  .retry_ms = 0, .refresh = SWR_REFRESH_CALLER, .jitter_pct = 0)
{
    if (atomic_exchange(&throwing, 0))
        cxx_throw(n);
    int *made = malloc(sizeof *made);
    if (made != NULL) {
        *made = n;
        objects++;
    }
    return made;
}

static int object_of(int n)
{
    int *o = object(n), value = *o;
    object_free(o);
    return value;
}

/* The old values that were kept for a failure are given back when the bodies never come back. */
static void with_old_values(void)
{
    enum { KEYS = 400 };
    for (int n = 1; n <= KEYS; n++)
        CHECK(cxx_catch(object_of, n) == n);
    swrcache_advance(1001);
    for (int n = 1; n <= KEYS; n++) {
        throwing = 1;
        CHECK(cxx_catch(object_of, n) == -n);
    }
    CHECK(objects == KEYS && SWR_INVALIDATE_ALL(object) == KEYS);
    for (int n = 0; n < KEYS;
         n++) { /* what nobody sees any more is freed in passing, some later than others */
        cxx_catch(object_of, 0);
        SWR_INVALIDATE(object, 0);
    }
    CHECK(objects < KEYS / 2);
    for (int i = 0; i < 2; i++)
        epoch_collect();
    CHECK(objects == 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    with_manual_clock(argv);
    watchdog(60);
    at_the_caller();
    with_waiters();
    on_a_worker();
    caught_within();
    with_old_values();
    return finish("throwing bodies");
}
