/*
 * S61: memory follows each kind of invalidation in a process where nobody calls any more: a table of kinds,
 * each of which empties a full cache. Masters of objects are released as well, however few they are.
 */
#include "hazard.h"

#include "runtime/cache/cache.h"
#include "runtime/cache/retune.h"
#include "base/alloc.h"
#include "base/epoch.h"

enum { KEYS = SANITIZED ? 5000 : 30000, LEFT = 3 << 20 };

struct row {
    long key;
    char bytes[200];
};

static _Atomic int masters;

SWR_CACHED(long, root, (SWR_VAL(int, unused)), .ttl_ms = SWR_FOREVER)
{
    return unused;
}

SWR_CACHED(struct row, row, (SWR_VAL(long, key)), .ttl_ms = SWR_FOREVER, .region = "idle.rows",
           .tags = "rows", .invalidate_on = "rows.saved")
{
    struct row r = {.key = key + root(0)};
    return r;
}

SWR_CACHED(struct row, bounded, (SWR_VAL(long, key)), .ttl_ms = SWR_FOREVER, .max_entries = KEYS)
{
    struct row r = {.key = key};
    return r;
}

SWR_INVALIDATES(int, save, (SWR_VAL(int, n)), ("tag:rows"))
{
    return n;
}

static int *copy(const int *master)
{
    masters++;
    return (int *)(uintptr_t)master;
}

static void release(int *master)
{
    (void)master;
    masters--;
}

SWR_CACHED_OBJECT(int, thing, (SWR_VAL(int, n)), copy, release, .ttl_ms = SWR_FOREVER)
{
    static int one;
    (void)n;
    masters++;
    return &one;
}

static void key_by_key(void)
{
    for (long key = 0; key < KEYS; key++)
        SWR_INVALIDATE(row, key);
}

static void by_function(void)
{
    SWR_INVALIDATE_ALL(row);
}

static void by_target(void)
{
    swrcache_invalidate("row");
}

static void by_tag(void)
{
    swrcache_invalidate("tag:rows");
}

static void by_region(void)
{
    swrcache_invalidate("region:idle");
}

static void by_event(void)
{
    swrcache_emit("rows.saved");
}

static void by_pattern(void)
{
    swrcache_invalidate("row(>=0)");
}

static void by_dependence(void)
{
    SWR_INVALIDATE(root, 0);
}

static void by_all(void)
{
    swrcache_invalidate("all");
}

static void by_batch(void)
{
    swrcache_begin();
    for (long key = 0; key < KEYS; key++)
        SWR_INVALIDATE(row, key);
    swrcache_commit();
}

static void by_writer(void)
{
    save(1);
}

static const struct kind {
    const char *name;
    void (*invalidate)(void);
} kinds[] = {
    {"key by key", key_by_key},
    {"function", by_function},
    {"target", by_target},
    {"tag", by_tag},
    {"region", by_region},
    {"event", by_event},
    {"pattern", by_pattern},
    {"dependence", by_dependence},
    {"all", by_all},
    {"batch", by_batch},
    {"writer", by_writer},
};

/* Some time: the test would wait for ever, not fail, where it never comes. */
static void await_memory(const char *kind, uint64_t before)
{
    struct alloc_usage use;
    alloc_usage(&use);
    for (int i = 0; i < 1000 && (use.resident > before + LEFT || epoch_waiting() != 0); i++) {
        pause_ms(10);
        alloc_usage(&use);
    }
    if (use.resident > before + LEFT || epoch_waiting() != 0)
        fprintf(stderr, "%s: %llu bytes are left of %llu, %llu retired\n", kind,
                (unsigned long long)use.resident, (unsigned long long)before,
                (unsigned long long)epoch_waiting());
    CHECK(use.resident <= before + LEFT && epoch_waiting() == 0);
}

/* What `swrctl set NAME max_entries=N` comes to. */
static void lower_bound(const char *name, uint64_t entries)
{
    for (uint32_t i = 0; i < function_count(); i++)
        if (strcmp(function_at(i)->site->name, name) == 0) {
            atomic_store(&function_at(i)->settings.max_entries, entries);
            cache_retune(function_at(i));
        }
}

static void few_masters(void)
{
    for (int n = 0; n < 10; n++)
        CHECK(thing(n) != NULL);
    int callers = masters;
    for (int n = 0; n < 10; n++)
        SWR_INVALIDATE(thing, n);
    for (int i = 0; i < 1000 && masters != callers - 10; i++)
        pause_ms(10);
    CHECK(masters == callers - 10);
}

int main(void)
{
    watchdog(100);
    struct alloc_usage before, full;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        CHECK(row(0).key == 0);
        alloc_usage(&before);
        for (long key = 0; key < KEYS; key++)
            CHECK(row(key).key == key);
        alloc_usage(&full);
        CHECK(SANITIZED || full.resident > before.resident + 2 * LEFT);
        kinds[k].invalidate();
        await_memory(kinds[k].name, before.resident);
        CHECK(row(1).key == 1 && outcome() == SWR_MISS);
        by_function();
        await_memory("what was left", before.resident);
    }
    CHECK(bounded(0).key == 0);
    alloc_usage(&before);
    for (long key = 0; key < KEYS; key++)
        CHECK(bounded(key).key == key);
    lower_bound("bounded", 10);
    CHECK(cache_held() < 20);
    await_memory("a lower bound", before.resident);
    few_masters();
    return finish("idle after invalidation");
}
