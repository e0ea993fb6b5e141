/* Promises 5, 8 and 9: failures never replace a good value; ages are kept to the millisecond; a hit is the
 * result. */
#include "promise.h"

static _Atomic int bodies, failing;

struct pair {
    int a;
    double b;
};

SWR_CACHED(struct pair, pair_of,
           (SWR_VAL(int, id), SWR_OUT(int, extra), SWR_OUT_BYTES(text, room), SWR_VAL(int, room)),
           .ttl_ms = 1000, .stale_ms = 1000, .stale_if_error_ms = 5000, .jitter_pct = 0, .retry_ms = 10)
{
    bodies++;
    if (failing) {
        errno = EIO;
        swrcache_fail();
        return (struct pair){-1, -1};
    }
    *extra = id + 1;
    memset(text, 'a' + id, (size_t)room);
    return (struct pair){id, id / 2.0};
}

SWR_CACHED(int, negative, (SWR_VAL(int, id)), .fails = SWR_FAILS_NEGATIVE, .negative_ms = 500,
           .jitter_pct = 0)
{
    bodies++;
    errno = ENOENT;
    return -id;
}

static int good(int id)
{
    int extra = 0;
    char text[4] = {0};
    struct pair p = pair_of(id, &extra, text, 3);
    return p.a == id && p.b == id / 2.0 && extra == id + 1 && text[0] == 'a' + id && text[2] == 'a' + id &&
           text[3] == 0;
}

int main(int argc, char **argv)
{
    (void)argc;
    with_manual_clock(argv);
    CHECK(good(3) && outcome() == SWR_MISS);
    errno = 77;
    CHECK(good(3) && outcome() == SWR_HIT && errno == 77);
    swrcache_advance(999);
    CHECK(good(3) && outcome() == SWR_HIT);
    failing = 1;
    swrcache_advance(1);
    CHECK(good(3) && outcome() == SWR_STALE_HIT);
    CHECK(swrcache_drain(10000));
    CHECK(bodies == 2);
    swrcache_advance(999);
    CHECK(good(3) && outcome() == SWR_STALE_HIT);
    CHECK(swrcache_drain(10000));
    struct swrcache_info info;
    CHECK(good(3));
    swrcache_last(&info);
    CHECK(info.refresh_errno == EIO && info.age_ms == 1999);
    swrcache_advance(1);
    CHECK(good(3) && outcome() == SWR_FALLBACK_HIT);
    swrcache_advance(3999);
    CHECK(good(3) && outcome() == SWR_FALLBACK_HIT);
    swrcache_advance(1);
    CHECK(!good(3) && outcome() == SWR_MISS && errno == EIO);
    failing = 0;
    CHECK(good(3) && outcome() == SWR_MISS);

    bodies = 0;
    CHECK(negative(5) == -5 && errno == ENOENT);
    errno = 0;
    CHECK(negative(5) == -5 && errno == ENOENT && bodies == 1 && outcome() == SWR_HIT);
    swrcache_advance(500);
    CHECK(negative(5) == -5 && bodies == 2);
    return finish("promises 5, 8, 9");
}
