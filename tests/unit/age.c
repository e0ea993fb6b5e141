/* age.c - the four ages at their boundaries, and the times that a result begins with. */
#include "aged.h"

#include <criterion/criterion.h>

enum { FRESH = ENTRY_FRESH, STALE = ENTRY_STALE, FALLBACK = ENTRY_FALLBACK, DEAD = ENTRY_DEAD };

static const struct age_policy
    no_stale = {.ttl = 100 * MS, .stale_if_error = 200 * MS},
    no_fallback = {.ttl = 100 * MS, .stale = 100 * MS}, nothing = {.ttl = 100 * MS},
    fallback_first = {.ttl = 100 * MS, .stale = 200 * MS, .stale_if_error = 50 * MS},
    always_stale = {.ttl = 100 * MS, .stale = CLOCK_NEVER},
    for_ever = {.ttl = CLOCK_NEVER, .stale = 1, .lag = 12 * MS},
    put = {.ttl = 100 * MS, .stale = 100 * MS, .stale_if_error = 100 * MS, .dictionary = true},
    lagging = {.ttl = 100 * MS,
               .stale = 100 * MS,
               .stale_if_error = 200 * MS,
               .negative = 50 * MS,
               .lag = 12 * MS},
    short_stale = {.ttl = 100 * MS, .stale = 12 * MS, .lag = 12 * MS};

static const struct {
    const struct age_policy *policy;
    uint8_t flags;
    uint64_t fresh, now, behind;
    int age;
} cases[] = {
    {&plain_policy, 0, 1100 * MS, 0, 0, FRESH},
    {&plain_policy, 0, 1100 * MS, 1100 * MS - 1, 0, FRESH},
    {&plain_policy, 0, 1100 * MS, 1100 * MS, 0, STALE},
    {&plain_policy, 0, 1100 * MS, 1200 * MS - 1, 0, STALE},
    {&plain_policy, 0, 1100 * MS, 1200 * MS, 0, FALLBACK},
    {&plain_policy, 0, 1100 * MS, 1300 * MS - 1, 0, FALLBACK},
    {&plain_policy, 0, 1100 * MS, 1300 * MS, 0, DEAD},
    {&plain_policy, 0, 1100 * MS, CLOCK_NEVER, 0, DEAD},
    /* Times of nothing. */
    {&no_stale, 0, 1100 * MS, 1100 * MS, 0, FALLBACK},
    {&no_stale, 0, 1100 * MS, 1300 * MS, 0, DEAD},
    {&no_fallback, 0, 1100 * MS, 1200 * MS - 1, 0, STALE},
    {&no_fallback, 0, 1100 * MS, 1200 * MS, 0, DEAD},
    {&nothing, 0, 1100 * MS, 1100 * MS - 1, 0, FRESH},
    {&nothing, 0, 1100 * MS, 1100 * MS, 0, DEAD},
    /* Fallback counts from the end of ttl, and never ends before stale does. */
    {&fallback_first, 0, 1100 * MS, 1300 * MS - 1, 0, STALE},
    {&fallback_first, 0, 1100 * MS, 1300 * MS, 0, DEAD},
    /* For ever. */
    {&always_stale, 0, 1100 * MS, CLOCK_NEVER - 1, 0, STALE},
    {&for_ever, 0, CLOCK_NEVER, CLOCK_NEVER - 1, 0, FRESH},
    {&for_ever, ENTRY_EXPIRED, 0, CLOCK_NEVER - 1, 0, STALE},
    /* Expired by somebody: stale until its end all the same. */
    {&nothing, ENTRY_EXPIRED, 0, 1100 * MS - 1, 0, STALE},
    {&nothing, ENTRY_EXPIRED, 0, 1100 * MS, 0, DEAD},
    {&plain_policy, ENTRY_EXPIRED, 0, 1200 * MS - 1, 0, STALE},
    /* What nobody can compute is not served once it is old. */
    {&put, 0, 1100 * MS, 1100 * MS - 1, 0, FRESH},
    {&put, 0, 1100 * MS, 1100 * MS, 0, DEAD},
    {&put, ENTRY_EXPIRED, 0, 1001 * MS, 0, DEAD},
    /* A failure ends with its time, whatever a value's would be. */
    {&plain_policy, ENTRY_FAILED, 1050 * MS, 1050 * MS - 1, 0, FRESH},
    {&plain_policy, ENTRY_FAILED, 1050 * MS, 1050 * MS, 0, DEAD},
    {&plain_policy, ENTRY_FAILED | ENTRY_EXPIRED, 0, 1050 * MS - 1, 0, STALE},
    {&plain_policy, ENTRY_FAILED | ENTRY_EXPIRED, 0, 1050 * MS, 0, DEAD},
    /* A clock that lags: stale ends earlier, by its word; dead by the latest time that it may be. */
    {&lagging, 0, 1088 * MS, 1088 * MS - 1, 12 * MS, FRESH},
    {&lagging, 0, 1088 * MS, 1088 * MS, 12 * MS, STALE},
    {&lagging, 0, 1088 * MS, 1188 * MS - 1, 12 * MS, STALE},
    {&lagging, 0, 1088 * MS, 1188 * MS, 12 * MS, FALLBACK},
    {&lagging, 0, 1088 * MS, 1188 * MS, 0, FALLBACK},
    {&lagging, 0, 1088 * MS, 1288 * MS - 1, 12 * MS, FALLBACK},
    {&lagging, 0, 1088 * MS, 1288 * MS, 12 * MS, DEAD},
    {&lagging, 0, 1088 * MS, 1300 * MS - 1, 0, FALLBACK},
    {&lagging, ENTRY_FAILED, 1050 * MS, 1038 * MS - 1, 12 * MS, FRESH},
    {&lagging, ENTRY_FAILED, 1050 * MS, 1038 * MS, 12 * MS, DEAD},
    {&lagging, ENTRY_FAILED, 1050 * MS, 1050 * MS - 1, 0, FRESH},
    {&lagging, ENTRY_FAILED | ENTRY_EXPIRED, 0, 1038 * MS - 1, 12 * MS, STALE},
    {&lagging, ENTRY_FAILED | ENTRY_EXPIRED, 0, 1038 * MS, 12 * MS, DEAD},
    /* A stale time no longer than the lag stays whole. */
    {&short_stale, 0, 1088 * MS, 1112 * MS - 1, 0, STALE},
    {&short_stale, 0, 1088 * MS, 1112 * MS, 0, DEAD},
    /* Sums that do not fit. */
    {&plain_policy, 0, 1100 * MS, 1050 * MS, CLOCK_NEVER, FRESH},
    {&plain_policy, 0, 1100 * MS, 1250 * MS, CLOCK_NEVER, DEAD},
    {&plain_policy, ENTRY_FAILED, 1050 * MS, 1001 * MS, CLOCK_NEVER, DEAD},
};

Test(age, is_what_its_policy_says_at_every_boundary)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct entry *e = aged(cases[i].flags, cases[i].fresh);
        int age = (int)age_at(cases[i].policy, e, cases[i].now, cases[i].behind);
        cr_expect_eq(age, cases[i].age, "case %zu: %d, not %d", i, age, cases[i].age);
        entry_free(e);
    }
}

/* As the tools tell them. */
Test(age, ends_one_after_the_other)
{
    struct entry *e = aged(0, 1100 * MS);
    struct age_ends ends = age_ends(&plain_policy, e);
    cr_assert(ends.fresh == 1100 * MS && ends.stale == 1200 * MS && ends.dead == 1300 * MS);
    ends = age_ends(&fallback_first, e);
    cr_assert(ends.stale == 1300 * MS && ends.dead == 1300 * MS, "dead not before stale ends");
    ends = age_ends(&nothing, e);
    cr_assert(ends.fresh == 1100 * MS && ends.stale == 1100 * MS && ends.dead == 1100 * MS);
    entry_free(e);
}

/* The shortcut may only say so of entries that are stale for another second. */
Test(age, long_stale_is_no_guess)
{
    static struct function f;
    const uint64_t minute = 60 * NS_PER_S;
    f.clock = CLOCK_MONOTONIC;
    atomic_store(&f.settings.ttl, minute);
    atomic_store(&f.settings.stale, minute);
    struct entry *e = aged(0, 1000 * MS + minute);
    for (uint64_t now = 1000 * MS + minute; now < 1000 * MS + 2 * minute + NS_PER_S; now += 500 * MS) {
        bool left = now + NS_PER_S < 1000 * MS + 2 * minute;
        cr_assert_eq(age_long_stale(&f, e, now), left);
        cr_assert(!left || age_state(&f, e, now) == ENTRY_STALE);
    }
    cr_assert_not(age_long_stale(&f, e, CLOCK_NEVER - 1));
    atomic_store(&f.settings.stale, 0);
    cr_assert_not(age_long_stale(&f, e, 1000 * MS + minute));
    atomic_store(&f.settings.stale, minute);
    entry_flag(e, ENTRY_FAILED);
    cr_assert_not(age_long_stale(&f, e, 1000 * MS + minute), "a failure's end is another");
    entry_free(e);
    e = aged(0, 1000 * MS + minute);
    entry_more(e)->stale_until = entry_more(e)->dead_until = 2000 * MS + minute;
    cr_assert_not(age_long_stale(&f, e, 1000 * MS + minute), "and so is that of times of its own");
    entry_free(e);
}

static const struct age_birth plain_birth = {
    .born = 1000 * MS, .ttl_ms = SWRCACHE_UNSET, .stale_ms = SWRCACHE_UNSET, .fresh_cap = CLOCK_NEVER};

static uint64_t fresh_until(const struct age_policy *p, struct age_birth birth)
{
    struct entry *e = aged(0, 0);
    age_begin(p, &birth, e);
    uint64_t fresh = entry_fresh_until(e);
    cr_assert_eq(entry_born(e), birth.born);
    entry_free(e);
    return fresh;
}

Test(birth, takes_lag_and_jitter_off_the_end_and_no_more)
{
    struct age_birth birth = plain_birth;
    cr_assert_eq(fresh_until(&plain_policy, birth), 1100 * MS);
    cr_assert_eq(fresh_until(&lagging, birth), 1088 * MS);
    birth.jitter_pct = 10;
    cr_assert_eq(fresh_until(&plain_policy, birth), 1100 * MS, "by chance nothing");
    birth.chance = 10 * MS;
    cr_assert_eq(fresh_until(&plain_policy, birth), 1090 * MS, "by chance all of it");
    cr_assert_eq(fresh_until(&lagging, birth), 1078 * MS, "and the lag as well");
    birth.chance = 10 * MS + 1;
    cr_assert_eq(fresh_until(&plain_policy, birth), 1100 * MS, "never more");
    birth.chance = UINT64_MAX;
    cr_assert_geq(fresh_until(&plain_policy, birth), 1090 * MS);
}

Test(birth, of_what_is_shorter_than_the_lag_keeps_its_end)
{
    struct age_policy p = lagging;
    p.ttl = 12 * MS;
    cr_assert_eq(fresh_until(&p, plain_birth), 1012 * MS);
    p.ttl = 13 * MS;
    cr_assert_eq(fresh_until(&p, plain_birth), 1001 * MS);
}

Test(birth, is_fresh_no_longer_than_what_it_stands_on)
{
    struct age_birth birth = plain_birth;
    birth.fresh_cap = 1050 * MS;
    cr_assert_eq(fresh_until(&plain_policy, birth), 1050 * MS);
    birth.fresh_cap = 1100 * MS;
    cr_assert_eq(fresh_until(&plain_policy, birth), 1100 * MS);
}

Test(birth, for_ever_stays_so)
{
    struct age_birth birth = plain_birth;
    birth.jitter_pct = 50;
    birth.chance = UINT64_MAX / 3;
    cr_assert_eq(fresh_until(&for_ever, birth), CLOCK_NEVER, "neither lag nor jitter");
    birth.jitter_pct = 0;
    struct age_policy p = lagging;
    p.ttl = CLOCK_NEVER - 1;
    cr_assert_eq(fresh_until(&p, birth), CLOCK_NEVER, "a sum that does not fit");
}

Test(birth, of_a_failure_is_exact)
{
    struct age_birth birth = plain_birth;
    birth.failed = birth.own = true;
    birth.ttl_ms = 7;
    birth.jitter_pct = 50;
    birth.chance = 1;
    cr_assert_eq(fresh_until(&lagging, birth), 1050 * MS, "neither lag nor jitter nor a body's own time");
}

static struct entry_more own_times(const struct age_policy *p, int64_t ttl_ms, int64_t stale_ms,
                                   uint64_t *fresh)
{
    struct age_birth birth = plain_birth;
    birth.own = true;
    birth.ttl_ms = ttl_ms;
    birth.stale_ms = stale_ms;
    struct entry *e = aged(0, 0);
    age_begin(p, &birth, e);
    cr_assert(entry_has_own_times(e));
    struct entry_more more = *entry_more(e);
    struct age_ends ends = age_ends(p, e);
    cr_assert_eq(ends.fresh, entry_fresh_until(e));
    cr_assert_eq(ends.stale, more.stale_until);
    cr_assert_eq(ends.dead, more.dead_until);
    *fresh = ends.fresh;
    entry_free(e);
    return more;
}

Test(birth, with_times_of_its_own_keeps_them_whatever_the_policy_becomes)
{
    uint64_t fresh;
    struct entry_more m = own_times(&plain_policy, 500, 50, &fresh);
    cr_assert_eq(fresh, 1500 * MS);
    cr_assert_eq(m.stale_until, 1550 * MS);
    cr_assert_eq(m.dead_until, 1700 * MS);
    cr_assert_eq(m.own_ttl_ms, 500);
    m = own_times(&plain_policy, SWRCACHE_UNSET, 50, &fresh);
    cr_assert_eq(fresh, 1100 * MS, "one of them from the policy");
    cr_assert_eq(m.stale_until, 1150 * MS);
    m = own_times(&plain_policy, 500, SWRCACHE_UNSET, &fresh);
    cr_assert_eq(m.stale_until, 1600 * MS);
    m = own_times(&plain_policy, 500, 1000, &fresh);
    cr_assert_eq(m.dead_until, 2500 * MS, "dead not before stale ends");
    m = own_times(&nothing, 500, SWRCACHE_UNSET, &fresh);
    cr_assert_eq(m.stale_until, 1500 * MS);
    cr_assert_eq(m.dead_until, 1500 * MS);
    m = own_times(&lagging, 500, 50, &fresh);
    cr_assert_eq(fresh, 1488 * MS);
    cr_assert_eq(m.stale_until, 1538 * MS);
    cr_assert_eq(m.dead_until, 1700 * MS, "fallback's end is exact");
    m = own_times(&lagging, 500, 0, &fresh);
    cr_assert_eq(m.stale_until, 1488 * MS, "no stale time: none by the lag either");
    m = own_times(&lagging, SWR_FOREVER, SWR_FOREVER, &fresh);
    cr_assert_eq(fresh, CLOCK_NEVER);
    cr_assert_eq(m.stale_until, CLOCK_NEVER);
    cr_assert_eq(m.own_ttl_ms, UINT32_MAX);
}

Test(age, says_when_it_ended)
{
    struct entry *e = aged(0, 1090 * MS);
    cr_assert_eq(age_ended(&plain_policy, e), 1090 * MS);
    entry_set_fresh_until(e, 0);
    atomic_fetch_or(&e->when, ENTRY_TURN);
    cr_assert_eq(age_ended(&plain_policy, e), 1100 * MS, "the time is forgotten: by policy");
    entry_flag(e, ENTRY_FAILED);
    cr_assert_eq(age_ended(&plain_policy, e), 1050 * MS);
    entry_free(e);
    e = aged(0, 0);
    atomic_fetch_or(&e->when, ENTRY_TURN);
    entry_more(e)->stale_until = 1400 * MS;
    entry_more(e)->own_ttl_ms = 300;
    cr_assert_eq(age_ended(&plain_policy, e), 1300 * MS);
    entry_free(e);
}
