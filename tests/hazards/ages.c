/* S38, S42: the borders between the ages, to the nanosecond; dead bodies; and times out of the ordinary. */
#include "hazard.h"
#include "told.h"
#include "../gate.h"

#include "base/clock.h"
#include "runtime/cache/retune.h"
#include "runtime/pool/pool.h"
#include "runtime/setting/option.h"

static _Atomic int bodies, dead, hold;

SWR_CACHED(int, aged, (SWR_VAL(int, n)), .ttl_ms = 1000, .stale_ms = 1000, .stale_if_error_ms = 3000,
           .retry_ms = 1, .wait_ms = 0, .jitter_pct = 0, .fails = SWR_FAILS_NEGATIVE)
{
    bodies++;
    while (hold)
        pause_ms(1);
    return dead ? -1 : n;
}

static enum swrcache_outcome how(int n)
{
    aged(n);
    return outcome();
}

/* From one nanosecond before each border to the border itself. */
static void borders(void)
{
    const uint64_t s = 1000 * NS_PER_MS;
    CHECK(how(1) == SWR_MISS);
    dead = 1;
    clock_advance(s - 1);
    CHECK(how(1) == SWR_HIT && bodies == 1);
    clock_advance(1);
    CHECK(how(1) == SWR_STALE_HIT);
    CHECK(swrcache_drain(10000));
    clock_advance(s - 1);
    CHECK(aged(1) == 1 && outcome() == SWR_STALE_HIT);
    CHECK(swrcache_drain(10000));
    clock_advance(1);
    CHECK(aged(1) == 1 && outcome() == SWR_FALLBACK_HIT);
    clock_advance(2 * s - 1);
    CHECK(aged(1) == 1 && outcome() == SWR_FALLBACK_HIT);
    CHECK(swrcache_drain(10000));
    clock_advance(1);
    CHECK(aged(1) == -1 && outcome() == SWR_MISS);
    dead = 0;
}

/* A refresh that is under way when its entry dies does not prolong its life. */
static void pending_across(void)
{
    CHECK(how(2) == SWR_MISS);
    clock_advance(1500 * NS_PER_MS);
    hold = 1;
    CHECK(how(2) == SWR_STALE_HIT);
    while (pool_state().running == 0)
        pause_ms(1);
    clock_advance(2500 * NS_PER_MS);
    dead = 1;
    hold = 0;
    CHECK(swrcache_drain(10000));
    CHECK(aged(2) == -1 && outcome() == SWR_MISS);
    dead = 0;
}

SWR_CACHED(int, never_fresh, (SWR_VAL(int, n)), .ttl_ms = 0, .stale_ms = 0, .stale_if_error_ms = 0)
{
    return n + ++bodies;
}

SWR_CACHED(int, for_ever, (SWR_VAL(int, n)), .ttl_ms = SWR_FOREVER, .stale_ms = SWR_FOREVER,
           .stale_if_error_ms = SWR_FOREVER, .negative_ms = SWR_FOREVER, .wait_ms = SWR_FOREVER,
           .retry_ms = SWR_FOREVER, .retry_max_ms = SWR_FOREVER)
{
    return n + ++bodies;
}

SWR_CACHED(int, almost_for_ever, (SWR_VAL(int, n)), .ttl_ms = INT64_MAX - 1, .stale_ms = INT64_MAX - 1)
{
    return n + ++bodies;
}

/* Times that make no sense: told, and the default in their place. */
SWR_CACHED(int, negative_times, (SWR_VAL(int, n)), .ttl_ms = -1, .stale_ms = -5, .jitter_pct = 0)
{
    return n + ++bodies;
}

SWR_CACHED(int, dead_before_stale, (SWR_VAL(int, n)), .ttl_ms = 1000, .stale_ms = 5000,
           .stale_if_error_ms = 10, .jitter_pct = 0)
{
    return n + ++bodies;
}

SWR_CACHED(int, own_time, (SWR_VAL(int, n)), .ttl_ms = 1000, .stale_ms = 0, .jitter_pct = 0)
{
    swrcache_set_ttl(n == 0 ? 0 : n == 1 ? INT64_MAX : -7, 0);
    return n + ++bodies;
}

static void odd_times(void)
{
    bodies = 0;
    CHECK(never_fresh(0) == 1 && never_fresh(0) == 2 && outcome() == SWR_MISS);
    int first = for_ever(0);
    int almost = almost_for_ever(0);
    CHECK(told("negative_times") && told("ttl_ms") && told("stale_ms"));
    int fallen_back = negative_times(0);
    clock_advance(29999 * NS_PER_MS);
    CHECK(negative_times(0) == fallen_back && outcome() == SWR_HIT);
    clock_advance(NS_PER_MS);
    CHECK(negative_times(0) == fallen_back && outcome() == SWR_STALE_HIT);
    CHECK(swrcache_drain(10000));
    int v = dead_before_stale(0);
    clock_advance(5999 * NS_PER_MS);
    CHECK(dead_before_stale(0) == v && outcome() == SWR_STALE_HIT);
    CHECK(swrcache_drain(10000));
    CHECK(own_time(0) != own_time(0) && outcome() == SWR_MISS);
    int own = own_time(1);
    int usual = own_time(2);
    clock_advance(999 * NS_PER_MS);
    CHECK(own_time(2) == usual && outcome() == SWR_HIT);
    clock_advance(1 * NS_PER_MS);
    CHECK(own_time(2) != usual);
    /* A century. */
    clock_advance(UINT64_C(3155760000) * 1000 * NS_PER_MS);
    CHECK(for_ever(0) == first && outcome() == SWR_HIT);
    CHECK(own_time(1) == own && outcome() == SWR_HIT);
    CHECK(almost_for_ever(0) == almost && outcome() == SWR_HIT);
}

/* A pause of an hour brings one refresh a key that is called, not one for every period missed. */
static void after_a_pause(void)
{
    CHECK(how(3) != SWR_HIT || bodies > 0);
    clock_advance(1500 * NS_PER_MS);
    bodies = 0;
    for (int i = 0; i < 100; i++)
        aged(3);
    CHECK(swrcache_drain(10000));
    CHECK(bodies == 1);
    clock_advance(3600 * 1000 * NS_PER_MS);
    bodies = 0;
    for (int i = 0; i < 100; i++)
        CHECK(aged(3) == 3);
    CHECK(swrcache_drain(10000));
    CHECK(bodies == 1);
}

/* The clock near its end: sums stick, nothing wraps round to the past. */
static void end_of_time(void)
{
    clock_advance(CLOCK_NEVER - clock_now() - 1000);
    for (int i = 0; i < 3; i++) {
        int v = aged(100 + i);
        CHECK(v == 100 + i && outcome() == SWR_MISS);
        CHECK(aged(100 + i) == 100 + i && outcome() == SWR_HIT);
        clock_advance(100);
    }
    clock_advance(CLOCK_NEVER);
    CHECK(aged(200) == 200 && aged(200) == 200);
    CHECK(for_ever(0) > 0);
    CHECK(swrcache_drain(10000));
}

/* Its ttl is set while it has entries, as by `swrctl set`. */
static void set_ttl(const struct swrcache_site *site, uint64_t ms)
{
    struct function *f = site->function;
    atomic_store(&f->settings.ttl, ms * NS_PER_MS);
    cache_retune(f);
}

SWR_CACHED(int, ground, (SWR_VAL(int, n)), .ttl_ms = 1000, .stale_ms = 100000, .jitter_pct = 0)
{
    return n;
}

SWR_CACHED(int, upon, (SWR_VAL(int, n)), .ttl_ms = 500, .stale_ms = 100000, .jitter_pct = 0)
{
    return ground(n);
}

SWR_CACHED(int, spread, (SWR_VAL(int, n)), .ttl_ms = 500, .stale_ms = 100000, .jitter_pct = 50)
{
    return n;
}

static int fresh_ones(int (*f)(int), int n)
{
    int fresh = 0;
    for (int i = 0; i < n; i++) {
        f(i);
        fresh += outcome() == SWR_HIT;
    }
    return fresh;
}

static enum swrcache_outcome how_of(int (*f)(int))
{
    f(1);
    return outcome();
}

static void set_while_there(void)
{
    /* No longer fresh than what it stands on, whose end came with it. */
    upon(1);
    set_ttl(&swrcache_site_upon, 5000);
    swrcache_advance(450);
    CHECK(how_of(upon) == SWR_HIT);
    swrcache_advance(550);
    CHECK(how_of(upon) == SWR_STALE_HIT && swrcache_drain(10000));
    /* They do not all end together. */
    for (int i = 0; i < 100; i++)
        spread(i);
    set_ttl(&swrcache_site_spread, 1000);
    swrcache_advance(750);
    int fresh = fresh_ones(spread, 100);
    CHECK(fresh > 10 && fresh < 90);
    CHECK(swrcache_drain(10000));
}

/* A failure is remembered as long as it is said now, neither longer nor shorter. */
SWR_CACHED(int, failing, (SWR_VAL(int, n)), .ttl_ms = 1000, .negative_ms = 10000, .fails = SWR_FAILS_NEGATIVE)
{
    bodies++;
    return -n;
}

static void set_while_failed(void)
{
    struct function *f = swrcache_site_failing.function;
    int before = bodies;
    failing(1);
    atomic_store(&f->settings.negative, 2000 * NS_PER_MS);
    cache_retune(f);
    swrcache_advance(1900);
    CHECK(how_of(failing) == SWR_HIT && bodies == before + 1);
    swrcache_advance(100);
    CHECK(how_of(failing) == SWR_MISS && bodies == before + 2);
    atomic_store(&f->settings.negative, 5000 * NS_PER_MS);
    cache_retune(f);
    swrcache_advance(4900);
    CHECK(how_of(failing) == SWR_HIT && bodies == before + 2);
}

/* A result that is about to be stored while the ttl is set has the new one. */
static void set_while_computed(void)
{
    SWR_INVALIDATE_ALL(ground);
    ground(1);
    swrcache_advance(1500);
    gate_close("refresh.before_publish");
    CHECK(how_of(ground) == SWR_STALE_HIT);
    gate_await(1);
    set_ttl(&swrcache_site_ground, 300);
    gate_open();
    CHECK(swrcache_drain(10000));
    CHECK(how_of(ground) == SWR_HIT);
    swrcache_advance(300);
    CHECK(how_of(ground) == SWR_STALE_HIT && swrcache_drain(10000));
    atomic_store(&sync_hook, NULL);
}

int main(int argc, char **argv)
{
    (void)argc;
    with_manual_clock(argv);
    watchdog(60);
    borders();
    pending_across();
    odd_times();
    after_a_pause();
    set_while_there();
    set_while_failed();
    set_while_computed();
    end_of_time();
    return finish("ages");
}
