/* Promise 5: a failed refresh never replaces a good value. */
#include "promise.h"

static _Atomic int bodies, failing;

SWR_CACHED(int, told, (SWR_VAL(int, id)), .ttl_ms = 1000, .stale_ms = 1000, .stale_if_error_ms = 5000,
           .jitter_pct = 0, .retry_ms = 10)
{
    bodies++;
    if (failing) {
        errno = EIO;
        swrcache_fail();
        return -1;
    }
    return id * 100 + bodies;
}

/* Known by its result; failures are remembered themselves, but not in the place of a value. */
SWR_CACHED(int, signed_, (SWR_VAL(int, id)), .ttl_ms = 1000, .stale_ms = 5000, .jitter_pct = 0,
           .retry_ms = 10, .negative_ms = 500, .fails = SWR_FAILS_NEGATIVE)
{
    return failing ? -id : id;
}

SWR_CACHED_STRING(text, (SWR_VAL(int, id)), .ttl_ms = 1000, .stale_ms = 5000, .jitter_pct = 0, .retry_ms = 10,
                  .fails = SWR_FAILS_NULL)
{
    (void)id;
    return failing ? NULL : strdup("good");
}

static int text_good(void)
{
    char *s = text(1);
    int good = s != NULL && strcmp(s, "good") == 0;
    free(s);
    return good;
}

int main(int argc, char **argv)
{
    (void)argc;
    with_manual_clock(argv);
    CHECK(told(1) == 101 && signed_(1) == 1 && text_good());
    failing = 1;
    swrcache_advance(1000);
    for (int i = 0; i < 3; i++) {
        CHECK(told(1) == 101 && outcome() == SWR_STALE_HIT);
        CHECK(signed_(1) == 1 && outcome() == SWR_STALE_HIT);
        CHECK(text_good() && outcome() == SWR_STALE_HIT);
        CHECK(swrcache_drain(10000));
        swrcache_advance(200);
    }
    CHECK(bodies == 4);
    /* Past the stale window callers ask, fail, and still have the old value; then it is over. */
    swrcache_advance(400);
    CHECK(told(1) == 101 && outcome() == SWR_FALLBACK_HIT);
    swrcache_advance(3999);
    CHECK(told(1) == 101 && outcome() == SWR_FALLBACK_HIT);
    CHECK(swrcache_drain(10000));
    swrcache_advance(1);
    CHECK(told(1) == -1 && outcome() == SWR_MISS && errno == EIO);
    failing = 0;
    CHECK(told(1) > 100 && outcome() == SWR_MISS);
    return finish("promise 5");
}
