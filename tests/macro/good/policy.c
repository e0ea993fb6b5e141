#include <swrcache.h>

static bool off(void)
{
    return false;
}
static bool bad(const void *result)
{
    return *(const int *)result == 7;
}

SWR_CACHED(int, f, (SWR_VAL(int, x)), .ttl_ms = SWR_FOREVER, .stale_ms = SWR_MINUTES(5),
           .stale_if_error_ms = SWR_HOURS(1), .negative_ms = 0, .wait_ms = 1, .keep_warm_ms = 1,
           .keep_warm_idle = 3, .jitter_pct = 0, .retry_ms = 1, .retry_max_ms = 2, .max_entries = 10,
           .max_bytes = 1 << 20, .version = 2, .fails = SWR_FAILS_NONZERO, .refresh = SWR_REFRESH_CALLER,
           .secret = true, .failed = bad, .unless = off, .region = "a.b", .tags = "x y")
{
    return x;
}

/* Whole numbers, computed or spelt with a point; of times below zero the runtime complains. */
SWR_CACHED(int, g, (SWR_VAL(int, x)), .ttl_ms = 2.0, .stale_ms = 1.5 * 1000, .stale_if_error_ms = 1e6,
           .negative_ms = 2., .wait_ms = -1, .version = -1, .region = "a.5")
{
    return x;
}

struct tailed {
    int n;
    char name[4];
    char tail[];
};

/* What has no length is left out. */
SWR_CACHED(int, h, (SWR_STRUCT(struct tailed, x, n, name)))
{
    return x->n;
}
