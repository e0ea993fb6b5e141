/*
 * S60: a thread stands still inside a hit while others store: memory stays within SWR_MAX_BYTES and what is
 * stated beside it, the function is called meanwhile, and all of it is told; afterwards it is as before.
 */
#include "hazard.h"
#include "told.h"
#include "../gate.h"

#include "runtime/cache/cache.h"
#include "runtime/cache/history.h"
#include "runtime/cache/retired.h"
#include "base/epoch.h"

enum { BOUND = 16 << 20, VALUE = 20000, VALUES = 4000, SLACK = BOUND / 8 + RETIRED_MOST };

struct page {
    char bytes[VALUE];
};

static _Atomic int bodies;

SWR_CACHED(struct page, page, (SWR_VAL(int, n)), .ttl_ms = SWR_FOREVER)
{
    struct page p = {{0}};
    bodies++;
    memset(p.bytes, n, sizeof p.bytes);
    return p;
}

SWR_CACHED(int, apart, (SWR_VAL(int, n)), .ttl_ms = SWR_FOREVER, .max_entries = 2)
{
    return n;
}

/* Only this thread stops at the gate. */
static __thread bool stands;

static void reach(const char *point)
{
    if (stands)
        gate_reach(point);
}

static void *stand(void *cookie)
{
    (void)cookie;
    stands = true;
    CHECK(apart(1) == 1 && outcome() == SWR_HIT);
    return NULL;
}

static bool right(int n)
{
    struct page p = page(n);
    return p.bytes[0] == (char)n && p.bytes[VALUE - 1] == (char)n;
}

/* Compilers order the annotations of a file as they like. */
static struct function *function_named(const char *name)
{
    for (uint32_t i = 0; i < function_count(); i++)
        if (function_at(i) != NULL && strcmp(function_at(i)->site->name, name) == 0)
            return function_at(i);
    return NULL;
}

static bool any(struct function *f, const struct key *key, void *cookie)
{
    (void)f, (void)key, (void)cookie;
    return true;
}

/* What is live, and what waits for the reader, beside the table's arrays and what stripes have not told. */
static bool within_bounds(void)
{
    return cache_bytes() + epoch_waiting() <= BOUND + SLACK + VALUE + (1 << 20);
}

static void others_store(void)
{
    uint64_t most = 0;
    for (int n = 0; n < VALUES; n++) {
        CHECK(right(n));
        if (epoch_waiting() > most)
            most = epoch_waiting();
        if (!within_bounds()) {
            CHECK(within_bounds());
            return;
        }
    }
    CHECK(most > SLACK / 2 && bodies == VALUES);
    CHECK(retired_turned_away() > 0 && told("while a thread stands still"));
    struct history_record last;
    CHECK(right(VALUES) && outcome() == SWR_MISS && right(VALUES) && outcome() == SWR_MISS);
    CHECK(history_find(function_named("page"), any, NULL, &last) && last.what == HISTORY_RETIRED);
    /* Neither is what was put, and what was there before is gone with it. */
    CHECK(!swrcache_put("standing", "k", 1, "v", 1, 0));
}

static void others_put(void)
{
    static char value[VALUE];
    for (int n = 0; n < VALUES && within_bounds(); n++)
        swrcache_put("standing.many", &n, sizeof n, value, sizeof value, 0);
    CHECK(within_bounds());
}

static void stands_still(void (*others)(void))
{
    pthread_t standing;
    apart(1);
    gate_close("reader.after_lookup");
    atomic_store(&sync_hook, reach);
    pthread_create(&standing, NULL, stand, NULL);
    gate_await(1);
    others();
    gate_open();
    pthread_join(standing, NULL);
    CHECK(right(-1) && right(-1) && outcome() == SWR_HIT);
    CHECK(epoch_waiting() <= SLACK);
    /* Nobody comes by any more: what is left goes all the same. */
    SWR_INVALIDATE_ALL(page);
    swrcache_invalidate("region:standing");
    for (int i = 0; i < 1000 && epoch_waiting() != 0; i++)
        pause_ms(10);
    CHECK(epoch_waiting() == 0);
    CHECK(swrcache_put("standing", "k", 1, "v", 1, 0));
}

int main(int argc, char **argv)
{
    (void)argc;
    if (getenv("SWR_MAX_BYTES") == NULL) {
        setenv("SWR_MAX_BYTES", "16M", 1);
        execv("/proc/self/exe", argv);
    }
    watchdog(60);
    CHECK(apart(1) == 1);
    stands_still(others_store);
    stands_still(others_put);
    return finish("a thread that stands still");
}
