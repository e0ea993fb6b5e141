/* S32, S35: invalidations and computations of one key at the same time, in every order. */
#include "hazard.h"

#include "../gate.h"
#include "runtime/cache.h"
#include "runtime/verb.h"

enum { CALLERS = 3, KEYS = 4 };
enum verb { ONE, FUNCTION, ALL, VERBS };

static _Atomic int world = 1;

SWR_CACHED(int, look, (SWR_VAL(int, n)), .ttl_ms = 1000, .stale_ms = SWR_FOREVER, .jitter_pct = 0)
{
    return n * 1000000 + world;
}

static void invalidate(enum verb verb, int n)
{
    if (verb == ONE)
        SWR_INVALIDATE(look, n);
    else if (verb == FUNCTION)
        SWR_INVALIDATE_ALL(look);
    else
        verb_invalidate(NULL, NULL, NULL, false);
}

static void *first(void *cookie)
{
    (void)cookie;
    look(1);
    return NULL;
}

/* A computation is held at `point`; the key is invalidated; who calls from then on sees the new world. */
static void held_at(const char *point, bool refresh, enum verb verb)
{
    pthread_t thread;
    verb_invalidate(NULL, NULL, NULL, false);
    if (refresh) {
        CHECK(look(1) == 1000000 + world);
        swrcache_advance(1500);
    }
    gate_close(point);
    pthread_create(&thread, NULL, first, NULL);
    gate_await(1);
    int after = ++world;
    invalidate(verb, 1);
    /* The later caller is not held: the gate is taken away, not opened. */
    atomic_store(&sync_hook, NULL);
    CHECK(look(1) == 1000000 + after && outcome() == SWR_MISS);
    gate_open();
    pthread_join(thread, NULL);
    CHECK(swrcache_drain(10000));
    /* S35: the older result came in last, and was not stored. */
    CHECK(look(1) == 1000000 + after && outcome() == SWR_HIT);
}

static void every_order(void)
{
    for (enum verb verb = ONE; verb < VERBS; verb++) {
        held_at("leader.before_call", false, verb);
        held_at("leader.after_call", false, verb);
        held_at("leader.before_call", true, verb);
        held_at("leader.after_call", true, verb);
        held_at("refresh.before_publish", true, verb);
    }
}

/* S35: a caller that waited too long overtakes; the one overtaken finishes last and stores nothing. */
static _Atomic int loads, release;

SWR_CACHED(int, slow, (SWR_VAL(int, n)), .wait_ms = 0)
{
    int mine = ++loads;
    while (mine == 1 && !release)
        pause_ms(1);
    return n + mine;
}

static void *overtaken(void *cookie)
{
    *(int *)cookie = slow(10);
    return NULL;
}

static void older_last(void)
{
    pthread_t thread;
    int older = 0;
    pthread_create(&thread, NULL, overtaken, &older);
    while (loads == 0)
        pause_ms(1);
    CHECK(slow(10) == 12 && outcome() == SWR_MISS);
    release = 1;
    pthread_join(thread, NULL);
    CHECK(older == 11);
    CHECK(slow(10) == 12 && outcome() == SWR_HIT && loads == 2);
}

/* At random: nobody sees a world older than the last invalidation that was over before the call began. */
static _Atomic int worlds[KEYS], floors[KEYS];
static _Atomic int stop;

SWR_CACHED(long, see, (SWR_VAL(int, n)), .ttl_ms = 1, .stale_ms = SWR_FOREVER)
{
    return (long)n << 32 | worlds[n];
}

static void *seer(void *cookie)
{
    unsigned seed = (unsigned)(size_t)cookie;
    while (!stop) {
        int n = rand_r(&seed) % KEYS;
        int least = floors[n];
        long seen = see(n);
        CHECK(seen >> 32 == n && (int)seen >= least);
    }
    return NULL;
}

static void at_random(int rounds)
{
    pthread_t threads[CALLERS];
    unsigned seed = 7;
    for (size_t i = 0; i < CALLERS; i++)
        pthread_create(&threads[i], NULL, seer, (void *)(i + 1));
    for (int round = 0; round < rounds; round++) {
        int n = rand_r(&seed) % KEYS, how = rand_r(&seed) % 16;
        int after = ++worlds[n];
        if (how == 0)
            SWR_INVALIDATE_ALL(see);
        else if (how == 1)
            verb_invalidate(NULL, NULL, NULL, false);
        else
            SWR_INVALIDATE(see, n);
        floors[n] = after;
        swrcache_advance(how < 4);
    }
    stop = 1;
    for (int i = 0; i < CALLERS; i++)
        pthread_join(threads[i], NULL);
}

int main(int argc, char **argv)
{
    (void)argc;
    with_manual_clock(argv);
    watchdog(110);
    every_order();
    older_last();
    at_random(SANITIZED ? 3000 : 100000);
    return finish("races");
}
