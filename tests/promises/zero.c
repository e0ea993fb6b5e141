/* What 0 and what is left out mean, field by field, as swrcache/policy.h says. */
#include "promise.h"

static _Atomic int bodies, entered;
static _Atomic bool broken;

static int body(int n)
{
    bodies++;
    if (broken)
        swrcache_fail();
    return n;
}

SWR_CACHED(int, stale_at_once, (SWR_VAL(int, n)), .ttl_ms = 0)
{
    return body(n);
}

SWR_CACHED(int, no_stale, (SWR_VAL(int, n)), .ttl_ms = 1000, .stale_ms = 0, .jitter_pct = 0)
{
    return body(n);
}

SWR_CACHED(int, no_fallback, (SWR_VAL(int, n)), .ttl_ms = 1000, .stale_ms = 1000, .stale_if_error_ms = 0,
           .retry_ms = 0, .jitter_pct = 0)
{
    return body(n);
}

SWR_CACHED(int, no_retry_max, (SWR_VAL(int, n)), .ttl_ms = 1000, .retry_max_ms = 0, .jitter_pct = 0)
{
    return body(n);
}

SWR_CACHED(int, no_entries, (SWR_VAL(int, n)), .max_entries = 0)
{
    return body(n);
}

SWR_CACHED(int, no_bytes, (SWR_VAL(int, n)), .max_bytes = 0)
{
    return body(n);
}

SWR_CACHED(int, no_wait, (SWR_VAL(int, n)), .wait_ms = 0)
{
    if (entered++ == 0)
        gate_reach("body");
    return body(n);
}

SWR_CACHED(int, warm, (SWR_VAL(int, n)), .ttl_ms = 10000, .keep_warm_ms = 1000, .keep_warm_idle = 0)
{
    return body(n);
}

/* 1: this lifetime, and the policy's stale time; 2: the policy's lifetime, and none stale; 3: neither given.
 */
SWR_CACHED(int, own, (SWR_VAL(int, n)), .ttl_ms = 2000, .stale_ms = 3000, .stale_if_error_ms = 0,
           .jitter_pct = 0)
{
    swrcache_set_ttl(n == 1 ? 1000 : SWRCACHE_UNSET, n == 2 ? 0 : SWRCACHE_UNSET);
    return body(n);
}

/* How the call is answered, after so long and with no refresh under way. */
#define AFTER(ms, call) (swrcache_advance(ms), (call), swrcache_drain(60000), outcome())

static void times(void)
{
    CHECK(AFTER(0, stale_at_once(1)) == SWR_MISS);
    CHECK(AFTER(0, stale_at_once(1)) == SWR_STALE_HIT);
    CHECK(AFTER(0, no_stale(1)) == SWR_MISS);
    CHECK(AFTER(990, no_stale(1)) == SWR_HIT);
    CHECK(AFTER(10, no_stale(1)) == SWR_MISS);
    CHECK(AFTER(0, no_fallback(1)) == SWR_MISS);
    broken = true;
    CHECK(AFTER(1000, no_fallback(1)) == SWR_STALE_HIT);
    CHECK(AFTER(1000, no_fallback(1)) == SWR_MISS);
    broken = false;
}

/* With no back-off each stale call tries again. */
static void back_off(int (*function)(int))
{
    CHECK(AFTER(0, function(2)) == SWR_MISS);
    broken = true;
    for (int i = 0; i < 3; i++) {
        int before = bodies;
        CHECK(AFTER(i == 0 ? 1000 : 0, function(2)) == SWR_STALE_HIT && bodies == before + 1);
    }
    broken = false;
}

static void bounds(void)
{
    for (int i = 0; i < 2; i++) {
        CHECK(AFTER(0, no_entries(1)) == SWR_MISS);
        CHECK(AFTER(0, no_bytes(1)) == SWR_MISS);
    }
}

static void *first_caller(void *cookie)
{
    CHECK(no_wait(1) == 1);
    return cookie;
}

static void waiting(void)
{
    pthread_t thread;
    gate_close("body");
    pthread_create(&thread, NULL, first_caller, NULL);
    gate_await(1);
    CHECK(no_wait(1) == 1 && outcome() == SWR_MISS && entered == 2);
    gate_open();
    pthread_join(thread, NULL);
}

/* Each refresh by the timer needs a call since the one before. */
static void warmth(void)
{
    int before = bodies;
    CHECK(AFTER(0, warm(1)) == SWR_MISS);
    CHECK(AFTER(0, warm(1)) == SWR_HIT);
    for (int i = 0; i < 5; i++) {
        swrcache_advance(1001);
        CHECK(swrcache_drain(60000));
    }
    CHECK(bodies == before + 2);
}

static void lifetimes(void)
{
    for (int n = 1; n <= 3; n++)
        CHECK(own(n) == n);
    swrcache_advance(1500);
    CHECK(own(1) == 1 && outcome() == SWR_STALE_HIT);
    CHECK(own(2) == 2 && outcome() == SWR_HIT);
    CHECK(own(3) == 3 && outcome() == SWR_HIT);
    CHECK(swrcache_drain(60000));
    swrcache_advance(600);
    CHECK(own(2) == 2 && outcome() == SWR_MISS);
    CHECK(own(3) == 3 && outcome() == SWR_STALE_HIT);
}

int main(int argc, char **argv)
{
    (void)argc;
    with_manual_clock(argv);
    times();
    back_off(no_fallback);
    back_off(no_retry_max);
    bounds();
    waiting();
    warmth();
    lifetimes();
    return finish("zero");
}
