/* What a body calls binds its result: through hits, misses, threads, and what was evicted in between. */
#include "../promises/promise.h"

#include "core/mark.h"
#include "runtime/registry/function.h"

#include <sys/wait.h>

static _Atomic int inner_bodies, outer_bodies, page_bodies, free_bodies, world = 1;

SWR_CACHED(int, inner, (SWR_VAL(int, n)), .ttl_ms = 10000, .stale_ms = 90000, .jitter_pct = 0)
{
    inner_bodies++;
    return n * 10 + world;
}

SWR_CACHED(int, outer, (SWR_VAL(int, n)), .ttl_ms = SWR_FOREVER, .stale_ms = SWR_FOREVER)
{
    outer_bodies++;
    return inner(n) + inner(n + 1);
}

SWR_CACHED(int, page, (SWR_VAL(int, n)), .ttl_ms = SWR_FOREVER, .stale_ms = SWR_FOREVER)
{
    page_bodies++;
    return outer(n) * 2;
}

SWR_CACHED(int, unbound, (SWR_VAL(int, n)), .ttl_ms = SWR_FOREVER, .dependencies = SWR_DEPENDENCIES_OFF)
{
    free_bodies++;
    return inner(n);
}

SWR_CACHED(long, wide, (SWR_VAL(int, n)), .ttl_ms = SWR_FOREVER, .stale_ms = SWR_FOREVER)
{
    long sum = 0;
    for (int i = 0; i < n; i++)
        sum += inner(1000 + i);
    return sum;
}

static void *elsewhere(void *context)
{
    swrcache_with(context);
    (void)inner(500);
    swrcache_with(NULL);
    (void)inner(501);
    return NULL;
}

SWR_CACHED(int, handed, (SWR_VAL(int, n)), .ttl_ms = SWR_FOREVER, .stale_ms = SWR_FOREVER)
{
    pthread_t t;
    pthread_create(&t, NULL, elsewhere, swrcache_context());
    pthread_join(t, NULL);
    return n;
}

/* Looks without computing. */
SWR_CACHED(int, peeks, (SWR_VAL(int, n)), .ttl_ms = SWR_FOREVER, .stale_ms = SWR_FOREVER)
{
    int seen = 0;
    return SWR_PEEK(inner, &seen, n) ? seen : -1;
}

static void looked_at(void)
{
    world = 1;
    CHECK(inner(700) == 7001 && peeks(700) == 7001 && peeks(700) == 7001 && outcome() == SWR_HIT);
    world = 2;
    CHECK(swrcache_invalidate("inner(700)") == 1 && peeks(700) == -1 && outcome() == SWR_MISS);
    CHECK(inner(700) == 7002 && swrcache_invalidate("inner(700)") == 1 && inner(700) == 7002);
    CHECK(peeks(700) == 7002 && swrcache_expire("inner(700)") == 1);
    CHECK(peeks(700) == 7002 && outcome() == SWR_STALE_HIT && swrcache_drain(60000));
}

static void *never_gives_back(void *context)
{
    swrcache_with(context);
    (void)inner(600);
    return NULL;
}

static void *not_of_the_body(void *unused)
{
    (void)unused;
    (void)inner(601);
    return NULL;
}

SWR_CACHED(int, lending, (SWR_VAL(int, n)), .ttl_ms = SWR_FOREVER, .stale_ms = SWR_FOREVER)
{
    pthread_t t;
    pthread_create(&t, NULL, never_gives_back, swrcache_context());
    pthread_join(t, NULL);
    pthread_create(&t, NULL, not_of_the_body, NULL);
    pthread_join(t, NULL);
    return n;
}

static void counted_from_zero(void)
{
    inner_bodies = outer_bodies = page_bodies = free_bodies = 0;
}

static void invalidated(void)
{
    CHECK(page(1) == 64 && unbound(1) == 11);
    (void)page(5);
    counted_from_zero();
    world = 2;
    CHECK(SWR_INVALIDATE(inner, 2) == 1);
    CHECK(page(1) == (11 + 22) * 2 && page_bodies == 1 && outer_bodies == 1 && inner_bodies == 1);
    CHECK(page(5) == (51 + 61) * 2 && page_bodies == 1);
    CHECK(unbound(1) == 11 && free_bodies == 0);
    /* The one in between is gone: the chain holds. */
    CHECK(SWR_INVALIDATE(outer, 99) == 0);
    swrcache_invalidate("all");
    world = 3;
    (void)page(1);
    counted_from_zero();
    CHECK(swrcache_invalidate("inner(*)") == 2);
    CHECK(page(1) == (13 + 23) * 2 && page_bodies == 1);
    CHECK(SWR_INVALIDATE_ALL(inner) == 2);
    counted_from_zero();
    CHECK(page(1) == (13 + 23) * 2 && page_bodies == 1 && outer_bodies == 1 && inner_bodies == 2);
}

static uint64_t unchanged(const char *name)
{
    for (uint32_t i = 0; i < function_count(); i++)
        if (strcmp(function_at(i)->site->name, name) == 0)
            return function_counter(function_at(i), COUNTER_unchanged);
    return UINT64_MAX;
}

static void expired_and_cut_off(void)
{
    swrcache_invalidate("all");
    (void)page(1);
    counted_from_zero();
    CHECK(SWR_EXPIRE(inner, 1) == 1);
    CHECK(page(1) == (13 + 23) * 2 && outcome() == SWR_STALE_HIT);
    for (int i = 0; i < 6; i++) {
        CHECK(swrcache_drain(60000));
        (void)page(1);
    }
    CHECK(outcome() == SWR_HIT);
    /* The same bytes again: nobody hears of it. */
    counted_from_zero();
    uint64_t before = unchanged("inner");
    CHECK(SWR_REFRESH(inner, 1) == 1);
    CHECK(swrcache_drain(60000));
    CHECK(inner_bodies == 1 && unchanged("inner") == before + 1);
    CHECK(page(1) == (13 + 23) * 2 && outcome() == SWR_HIT && page_bodies == 0);
    /* Others: all that stand on it are stale. */
    world = 4;
    CHECK(SWR_REFRESH(inner, 1) == 1);
    CHECK(swrcache_drain(60000));
    CHECK(unchanged("inner") == before + 1);
    CHECK(page(1) == (13 + 23) * 2 && outcome() == SWR_STALE_HIT);
    CHECK(swrcache_drain(60000));
    for (int i = 0; i < 4; i++) {
        (void)page(1);
        CHECK(swrcache_drain(60000));
    }
    CHECK(page(1) == (14 + 23) * 2 && outcome() == SWR_HIT);
}

static void no_fresher_than_what_it_stands_on(void)
{
    swrcache_invalidate("all");
    (void)outer(7);
    swrcache_advance(9999);
    CHECK(outer(7) > 0 && outcome() == SWR_HIT);
    swrcache_advance(2);
    CHECK(outer(7) > 0 && outcome() == SWR_STALE_HIT);
    CHECK(swrcache_drain(60000));
}

static void bounded(void)
{
    swrcache_invalidate("all");
    world = 5;
    long sum = wide(200);
    CHECK(wide(200) == sum && outcome() == SWR_HIT);
    /* So many keys that the function counts as a whole: any of them, and any other. */
    CHECK(SWR_INVALIDATE(inner, 1150) == 1);
    CHECK(wide(200) == sum && outcome() == SWR_MISS);
}

static void across_threads(void)
{
    swrcache_invalidate("all");
    (void)handed(1);
    CHECK(SWR_INVALIDATE(inner, 501) == 1);
    CHECK(handed(1) == 1 && outcome() == SWR_HIT);
    CHECK(SWR_INVALIDATE(inner, 500) == 1);
    CHECK(handed(1) == 1 && outcome() == SWR_MISS);
    /* A thread that ended with the context takes it along, whoever comes after it. */
    (void)lending(1);
    CHECK(SWR_INVALIDATE(inner, 601) == 1);
    CHECK(lending(1) == 1 && outcome() == SWR_HIT);
    CHECK(SWR_INVALIDATE(inner, 600) == 1);
    CHECK(lending(1) == 1 && outcome() == SWR_MISS);
}

static void *calling(void *context)
{
    swrcache_with(context);
    (void)inner(600);
    swrcache_with(NULL);
    return NULL;
}

static pid_t child;

SWR_CACHED(int, forking, (SWR_VAL(int, n)), .ttl_ms = SWR_FOREVER)
{
    pthread_t t;
    gate_close("names.before");
    pthread_create(&t, NULL, calling, swrcache_context());
    gate_await(1);
    child = fork();
    if (child == 0) {
        atomic_store(&sync_hook, NULL);
        alarm(100); /* ends what would hang */
        return n;
    }
    gate_open();
    pthread_join(t, NULL);
    return n;
}

/* Another thread is adding to what a body goes by when that body forks: the child goes on all the same. */
static void forked_meanwhile(void)
{
    int status = -1;
    CHECK(forking(3) == 3);
    if (child == 0)
        _exit(forking(3) == 3 && outcome() == SWR_HIT ? 0 : 1);
    CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
    CHECK(SWR_INVALIDATE(inner, 600) == 1);
    CHECK(forking(3) == 3 && outcome() == SWR_MISS);
    if (child == 0)
        _exit(0);
    CHECK(waitpid(child, NULL, 0) == child);
}

int main(int argc, char **argv)
{
    (void)argc;
    with_manual_clock(argv);
    invalidated();
    expired_and_cut_off();
    no_fresher_than_what_it_stands_on();
    bounded();
    across_threads();
    looked_at();
    forked_meanwhile();
    swrcache_invalidate("all");
    CHECK(mark_count(mark_key(0, 0).id) == 0);
    return finish("dependencies");
}
