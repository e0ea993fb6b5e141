/* A batch is seen whole or not at all: who saw something new of it sees nothing old of it afterwards. */
#include "../promises/promise.h"
#include "../process.h"

#include <sched.h>

enum { ROUNDS = 3000, READERS = 2 };

static _Atomic int world = 1;
static atomic_bool done;
static _Atomic long torn, looked;

SWR_CACHED(int, left, (SWR_VAL(int, n)), .ttl_ms = SWR_FOREVER)
{
    return world + n - n;
}

SWR_CACHED(int, right, (SWR_VAL(int, n)), .ttl_ms = SWR_FOREVER)
{
    return world + n - n;
}

static int stored(const char *key)
{
    int v = 0;
    return swrcache_get("pair", key, 1, &v, sizeof v) == sizeof v ? v : -1;
}

/* Reads in both orders: the second must never be older than the first. */
static void *read_on(void *cookie)
{
    (void)cookie;
    while (!done) {
        int a = left(1), b = right(1);
        int c = right(1), d = left(1);
        int x = stored("x"), y = stored("y");
        int v = stored("y"), w = stored("x");
        torn += b < a || d < c || y < x || w < v;
        looked++;
    }
    return NULL;
}

static void together(void)
{
    pthread_t readers[READERS];
    for (int i = 0; i < READERS; i++)
        pthread_create(&readers[i], NULL, read_on, NULL);
    for (int i = 2; i < ROUNDS || looked < 100; i++) {
        /* Both are there before the world changes: what is missing would be computed from the new one. */
        (void)(left(1) + right(1));
        world = i;
        swrcache_begin();
        SWR_INVALIDATE(left, 1);
        swrcache_put("pair", "x", 1, &i, sizeof i, 0);
        swrcache_begin();
        swrcache_invalidate("right");
        CHECK(swrcache_commit());
        swrcache_put("pair", "y", 1, &i, sizeof i, 0);
        CHECK(swrcache_commit());
    }
    done = true;
    for (int i = 0; i < READERS; i++)
        pthread_join(readers[i], NULL);
    CHECK(torn == 0);
}

static _Atomic int reader, seen[2]; /* first what was waited for, then what was there all the time */
static atomic_bool over;

static void *commit(void *cookie)
{
    int v = world;
    swrcache_begin();
    SWR_INVALIDATE(left, 1);
    swrcache_invalidate("right");
    swrcache_put("pair", "x", 1, &v, sizeof v, 0);
    swrcache_put("pair", "new", 3, &v, sizeof v, 0);
    CHECK(swrcache_commit());
    return cookie;
}

static int stored_new(void)
{
    int v = 0;
    return swrcache_get("pair", "new", 3, &v, sizeof v) == sizeof v ? v : -1;
}

static int read_left(void)
{
    return left(1);
}

static int read_right(void)
{
    return right(1);
}

static void *look(void *way)
{
    reader = gettid();
    seen[0] = (*(int (**)(void))way)();
    seen[1] = stored("x");
    over = true;
    return NULL;
}

static int stored_old(void)
{
    return stored("x");
}

/*
 * With the commit held after what it took out and before what it puts in: who looks for any of it waits, and
 * sees all of it then. Who looks for what the batch says nothing of goes on.
 */
static void held_half_way(void)
{
    static int (*const ways[])(void) = {read_left, read_right, stored_new, stored_old};
    int untouched = left(2);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        pthread_t committer, looker;
        swrcache_delete("pair", "new", 3);
        (void)(left(1) + right(1));
        world++;
        over = false;
        reader = 0;
        gate_close("commit.between");
        pthread_create(&committer, NULL, commit, NULL);
        gate_await(1);
        CHECK(left(2) == untouched && outcome() == SWR_HIT);
        pthread_create(&looker, NULL, look, (void *)(uintptr_t)&ways[i]);
        for (int asleep = 0; !over && asleep < 20; sched_yield())
            asleep = reader != 0 && process_thread_sleeps(reader) ? asleep + 1 : 0;
        CHECK(!over);
        gate_open();
        pthread_join(looker, NULL);
        pthread_join(committer, NULL);
        CHECK(seen[0] == world && seen[1] == world);
    }
}

static void noted_and_dropped(void)
{
    int v = 7;
    (void)(left(1) + right(1));
    int before = left(1);
    world += 10;
    swrcache_begin();
    CHECK(SWR_INVALIDATE(left, 1) == 1 && swrcache_invalidate("right(*)") == 1);
    CHECK(swrcache_put("pair", "z", 1, &v, sizeof v, 0));
    CHECK(left(1) == before + 10 && swrcache_has("pair", "z", 1));
    CHECK(swrcache_rollback());
    CHECK(left(1) == before && right(1) == before && !swrcache_has("pair", "z", 1));
    CHECK(!swrcache_commit() && !swrcache_rollback());
    swrcache_begin();
    swrcache_put("pair", "z", 1, &v, sizeof v, 0);
    SWR_INVALIDATE_ALL(left);
    CHECK(swrcache_commit());
    CHECK(stored("z") == 7 && left(1) == before + 10 && right(1) == before);
    swrcache_begin();
    CHECK(swrcache_delete("pair", "z", 1) && stored("z") == -1);
    CHECK(swrcache_commit() && stored("z") == -1);
}

int main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    together();
    held_half_way();
    noted_and_dropped();
    return finish("batches");
}
