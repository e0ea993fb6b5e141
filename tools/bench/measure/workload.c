/*
 * workload.c - the functions that swrbench calls. In a file of their own, so that no loop sees into them.
 */
#include <stdatomic.h>
#include <string.h>

#include <swrcache.h>

#include "bench.h"

static atomic_uint bodies;

static int64_t slow_body(int64_t key)
{
    atomic_fetch_add_explicit(&bodies, 1, memory_order_relaxed);
    sleep_ms(BODY_MS);
    return key + 1;
}

unsigned slow_bodies(void)
{
    return atomic_load_explicit(&bodies, memory_order_relaxed);
}

__attribute__((noinline)) int64_t slow_uncached(int64_t key)
{
    return slow_body(key);
}

__attribute__((noinline)) int64_t empty_int(int64_t key)
{
    return key ^ INT_MIX;
}

SWR_CACHED(int64_t, cached_int, (SWR_VAL(int64_t, key)), .ttl_ms = SWR_HOURS(1), .region = "bench.hit")
{
    return key ^ INT_MIX;
}

SWR_CACHED(int64_t, cached_mixed, (SWR_VAL(int64_t, key)), .ttl_ms = SWR_HOURS(1),
           .refresh = SWR_REFRESH_CALLER, .region = "bench.hit")
{
    return key ^ INT_MIX;
}

static inline struct row row_of(const char *key)
{
    struct row row;

    memcpy(&row.word[0], key, KEY_BYTES);
    memcpy(&row.word[ROW_WORDS / 2], key, KEY_BYTES);
    return row;
}

__attribute__((noinline)) struct row empty_row(const char *key)
{
    return row_of(key);
}

SWR_CACHED(struct row, cached_row, (SWR_STR(key)), .ttl_ms = SWR_HOURS(1), .region = "bench.hit")
{
    return row_of(key);
}

SWR_CACHED(int64_t, cached_stale, (SWR_VAL(int64_t, key)), .ttl_ms = 100, .stale_ms = SWR_HOURS(1),
           .region = "bench.stale")
{
    return slow_body(key);
}

SWR_CACHED(int64_t, cached_cold, (SWR_VAL(int64_t, key)), .ttl_ms = SWR_HOURS(1), .region = "bench.cold")
{
    return slow_body(key);
}

void clear_hits(void)
{
    SWR_INVALIDATE_ALL(cached_int);
    SWR_INVALIDATE_ALL(cached_mixed);
    SWR_INVALIDATE_ALL(cached_row);
    swrcache_drain(60000); /* a worker brings the memory back */
}
