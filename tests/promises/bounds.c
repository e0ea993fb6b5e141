/* Bounds: a function keeps to its own, given in the annotation or later; what goes is computed again. */
#include "promise.h"

#include "runtime/cache/cache.h"
#include "runtime/cache/retune.h"

SWR_CACHED(long, bounded, (SWR_VAL(long, n)), .max_entries = 10)
{
    return n * 2;
}

SWR_CACHED(long, unbounded, (SWR_VAL(long, n)))
{
    return n * 3;
}

static uint64_t entries_of(const char *name)
{
    for (uint32_t i = 0; i < function_count(); i++)
        if (strcmp(function_at(i)->site->name, name) == 0)
            return atomic_load(&function_at(i)->entries);
    return UINT64_MAX;
}

int main(void)
{
    for (long n = 0; n < 5000; n++) {
        CHECK(bounded(n) == n * 2);
        CHECK(unbounded(n) == n * 3);
        CHECK(entries_of("bounded") <= 10);
    }
    CHECK(entries_of("bounded") == 10);
    CHECK(entries_of("unbounded") == 5000);
    for (uint32_t i = 0; i < function_count(); i++)
        if (strcmp(function_at(i)->site->name, "unbounded") == 0) {
            atomic_store(&function_at(i)->settings.max_entries, 100);
            cache_retune(function_at(i));
        }
    CHECK(entries_of("unbounded") == 100);
    for (long n = 0; n < 5000; n++)
        CHECK(unbounded(n) == n * 3);
    CHECK(entries_of("unbounded") == 100);
    return finish("bounds");
}
