/* S32, S35: invalidations and computations of one key at the same time, in every order. */
#include "hazard.h"

#include "../gate.h"
#include "runtime/cache/cache.h"
#include "runtime/cache/sweep.h"
#include "runtime/verb/verb.h"

enum { CALLERS = 3, KEYS = 4, FILLERS = SWEEP_LITTLE + 100 };
enum verb { KEY, CALL, PATTERN, FUNCTION, TAG, EVENT, REGION, ALL, VERBS };

static _Atomic int world = 1;

SWR_CACHED(int, look, (SWR_VAL(int, n)), .ttl_ms = 1000, .stale_ms = SWR_FOREVER, .jitter_pct = 0,
           .region = "racing.looks", .tags = "racing.tag", .invalidate_on = "racing.event")
{
    return n * 1000000 + world;
}

/* So many entries that what is invalidated as a whole is not walked, but its generation raised. */
SWR_CACHED(int, filler, (SWR_VAL(int, n)), .ttl_ms = SWR_FOREVER, .region = "racing.fillers")
{
    return n;
}

static void invalidate(enum verb verb, int n)
{
    switch (verb) {
    case KEY:
        SWR_INVALIDATE(look, n);
        break;
    case CALL:
        swrcache_invalidate("look(%d)", n);
        break;
    case PATTERN:
        swrcache_invalidate("look(>=%d)", n);
        break;
    case FUNCTION:
        SWR_INVALIDATE_ALL(look);
        break;
    case TAG:
        swrcache_invalidate("tag:racing.tag");
        break;
    case EVENT:
        swrcache_emit("racing.event");
        break;
    case REGION:
        swrcache_invalidate("region:racing");
        break;
    default:
        swrcache_invalidate("all");
    }
}

static void *first(void *cookie)
{
    (void)cookie;
    look(1);
    return NULL;
}

/* Nothing there, or a value that has grown old, and very many others or none. */
static void set_the_scene(bool refresh, bool many)
{
    verb_invalidate(NULL, NULL, NULL, false);
    CHECK(swrcache_drain(60000));
    for (int n = 0; many && n < FILLERS; n++)
        filler(n);
    if (refresh) {
        CHECK(look(1) == 1000000 + world);
        swrcache_advance(1500);
    }
}

/* A computation is held at `point`; the key is invalidated; who calls from then on sees the new world. */
static void held_at(const char *point, bool refresh, bool many, enum verb verb)
{
    pthread_t thread;
    set_the_scene(refresh, many);
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

static void *invalidator(void *cookie)
{
    invalidate(*(enum verb *)cookie, 1);
    return NULL;
}

/* The invalidation is held in its midst, and a computation comes and goes: what it stored does not stay. */
static void overtaken_by(bool refresh, enum verb verb)
{
    pthread_t thread;
    set_the_scene(refresh, true);
    gate_close("invalidate.before_bump");
    pthread_create(&thread, NULL, invalidator, &verb);
    gate_await(1);
    CHECK(look(1) == 1000000 + world);
    CHECK(swrcache_drain(10000));
    CHECK(look(1) == 1000000 + world && outcome() == SWR_HIT);
    int after = ++world;
    gate_open();
    pthread_join(thread, NULL);
    atomic_store(&sync_hook, NULL);
    CHECK(look(1) == 1000000 + after && outcome() == SWR_MISS);
    CHECK(look(1) == 1000000 + after && outcome() == SWR_HIT);
}

static void every_order(void)
{
    static const char *const points[] = {"leader.before_call", "leader.after_call", "refresh.before_publish"};
    for (enum verb verb = KEY; verb < VERBS; verb++)
        for (int how = 0; how < 4; how++) {
            bool refresh = how & 1, many = how & 2;
            for (int at = 0; at < (refresh ? 3 : 2); at++)
                held_at(points[at], refresh, many, verb);
            if (many && (verb == FUNCTION || verb == EVENT || verb == REGION || verb == ALL))
                overtaken_by(refresh, verb);
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
