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

/* Arguments of every kind, some of them longer than any key kept on the stack. */
struct point {
    int x, y;
};

SWR_CACHED(long, all_kinds,
           (SWR_STR(text), SWR_BYTES(bytes, len), SWR_VAL(int, len), SWR_STRUCT(struct point, at, x, y),
            SWR_OUT(int, extra), SWR_OUT_BYTES(room, size), SWR_VAL(int, size)),
           .ttl_ms = 1000, .jitter_pct = 0, .version = 3)
{
    bodies++;
    *extra = (int)strlen(text);
    memset(room, 'r', (size_t)size);
    return (bytes != NULL ? len : -1) + (at != NULL ? at->x : 0);
}

SWR_CACHED_STRING(echo, (SWR_STR(text), SWR_VAL(int, n)), .ttl_ms = 1000, .jitter_pct = 0)
{
    bodies++;
    return strdup(n > 0 ? text : "");
}

/* A thread's first hit with keys of every length, after the values were made by another. */
static void *long_keys(void *cookie)
{
    static char text[100001], other[100001];
    static const int lengths[] = {200, 255, 256, 257, 300, 1000, 4096, 65536, 100000};
    bool first = cookie != NULL;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        int len = lengths[i], extra = 0;
        char room[8] = "";
        memset(text, 'x', sizeof text);
        text[len] = 0;
        memcpy(other, text, sizeof text);
        struct point p = {len, 2};
        /* The first call of a thread makes its record, and a function's first its counters. */
        if (i == 0 && !first) {
            CHECK(all_kinds("", NULL, 0, NULL, &extra, room, 0) == -1);
            free(echo("", 1));
        }
        uint64_t locks = lock_taken, allocations = os_alloc_count();
        CHECK(length(text) == len);
        CHECK(all_kinds(other, text, len, &p, &extra, room, 7) == 2 * len && extra == len && room[6] == 'r');
        char *copy = echo(other, 1);
        CHECK(copy != NULL && strcmp(copy, text) == 0);
        free(copy);
        if (!first) {
            CHECK(outcome() == SWR_HIT);
            CHECK(lock_taken == locks);
            CHECK(os_alloc_count() == allocations);
        }
        /* One byte in the middle makes another key. */
        other[len / 2] = 'y';
        int before = bodies;
        if (first)
            CHECK(all_kinds(other, text, len, &p, &extra, room, 7) == 2 * len && bodies == before + 1);
        p.y = 3;
        if (first)
            CHECK(all_kinds(text, text, len, &p, &extra, room, 7) == 2 * len && bodies == before + 2);
        CHECK(SWR_INVALIDATE(all_kinds, other, text, len, &(struct point){len, 2}, NULL, NULL, 7) == 1 ||
              !first);
    }
    return NULL;
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
    uint64_t locks = lock_taken, allocations = os_alloc_count();
    for (int i = 0; i < 1000; i++) {
        CHECK(square(7) == 49 && outcome() == SWR_HIT);
        CHECK(length(text) == 100 && outcome() == SWR_HIT);
    }
    CHECK(bodies == 2);
    CHECK(lock_taken == locks);
    CHECK(os_alloc_count() == allocations);

    /* Stale: while the one refresh is held, the others take no lock and do not wait. */
    gate_close("leader.before_call");
    swrcache_advance(1500);
    CHECK(square(7) == 49 && outcome() == SWR_STALE_HIT);
    gate_await(1);
    locks = lock_taken;
    allocations = os_alloc_count();
    for (int i = 0; i < 1000; i++)
        CHECK(square(7) == 49 && outcome() == SWR_STALE_HIT);
    CHECK(lock_taken == locks);
    CHECK(os_alloc_count() == allocations);
    gate_open();
    CHECK(swrcache_drain(10000));
    CHECK(bodies == 3);
    atomic_store(&sync_hook, NULL);
    long_keys(text);
    int before = bodies;
    pthread_t thread;
    pthread_create(&thread, NULL, long_keys, NULL);
    pthread_join(thread, NULL);
    CHECK(bodies == before + 1 + 1);
    return finish("promise 1");
}
