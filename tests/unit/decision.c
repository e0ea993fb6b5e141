/* decision.c - what a call comes to by the age of what it finds and by whoever refreshes that. */
#include "aged.h"

#include <criterion/criterion.h>

#include "runtime/cache/decision.h"

/* Due, held by this process, resting: words of an entry that is not fresh. */
static const enum decision expected[][LEASE_STATES] = {
    [ENTRY_FRESH] = {DECISION_FRESH, DECISION_FRESH, DECISION_FRESH},
    [ENTRY_STALE] = {DECISION_CLAIM, DECISION_STALE, DECISION_STALE_RESTING},
    [ENTRY_FALLBACK] = {DECISION_RENEW, DECISION_WAIT, DECISION_OLD},
    [ENTRY_DEAD] = {DECISION_COMPUTE, DECISION_COMPUTE, DECISION_COMPUTE},
};

static void put_lease(struct entry *e, enum lease_state lease, uint64_t until)
{
    uint64_t word = lease_word(e);
    uint64_t to = lease == LEASE_DUE    ? ENTRY_TURN
                  : lease == LEASE_HELD ? ENTRY_TURN | entry_time(until) | lease_mine()
                                        : ENTRY_TURN | entry_time(until);
    cr_assert(lease_change(e, word, to));
}

Test(decision, follows_age_and_lease)
{
    static const struct {
        uint64_t now;
        enum entry_state age;
    } ages[] = {{1199 * MS, ENTRY_STALE},       {1200 * MS, ENTRY_FALLBACK}, {1299 * MS, ENTRY_FALLBACK},
                {1300 * MS, ENTRY_DEAD},        {CLOCK_NEVER, ENTRY_DEAD},   {1100 * MS, ENTRY_STALE},
                {1300 * MS - 1, ENTRY_FALLBACK}};
    struct entry *e = aged(0, 1100 * MS);
    cr_assert_eq(decision_at(&plain_policy, e, 1100 * MS - 1, 0), DECISION_FRESH);
    cr_assert_eq(decision_at(&plain_policy, e, 1100 * MS, 0), DECISION_CLAIM);
    for (size_t i = 0; i < sizeof ages / sizeof *ages; i++)
        for (int lease = 0; lease < LEASE_STATES; lease++) {
            put_lease(e, (enum lease_state)lease, 5000 * MS);
            enum decision as = expected[ages[i].age][lease];
            cr_expect_eq(decision_at(&plain_policy, e, ages[i].now, 0), as, "moment %zu, lease %d", i, lease);
        }
    entry_free(e);
}

Test(decision, changes_when_a_lease_or_a_back_off_ends)
{
    struct entry *e = aged(0, 1100 * MS);
    put_lease(e, LEASE_HELD, 1150 * MS);
    cr_assert_eq(decision_at(&plain_policy, e, 1150 * MS - 1, 0), DECISION_STALE);
    cr_assert_eq(decision_at(&plain_policy, e, 1150 * MS, 0), DECISION_CLAIM, "its holder is lost");
    put_lease(e, LEASE_RESTING, 1250 * MS);
    cr_assert_eq(decision_at(&plain_policy, e, 1200 * MS - 1, 0), DECISION_STALE_RESTING);
    cr_assert_eq(decision_at(&plain_policy, e, 1250 * MS - 1, 0), DECISION_OLD);
    cr_assert_eq(decision_at(&plain_policy, e, 1250 * MS, 0), DECISION_RENEW);
    put_lease(e, LEASE_HELD, 1400 * MS);
    atomic_fetch_add(&lease_generation, 1);
    cr_assert_eq(decision_at(&plain_policy, e, 1150 * MS, 0), DECISION_CLAIM, "a parent's, in its child");
    cr_assert_eq(decision_at(&plain_policy, e, 1250 * MS, 0), DECISION_RENEW);
    entry_free(e);
}

/* A fresh entry's lease is of no interest to calls, and a failure is served as a value is. */
Test(decision, of_what_is_fresh_asks_no_further)
{
    struct entry *e = aged(ENTRY_FAILED, 1050 * MS);
    uint64_t mine;
    cr_assert(lease_claim(e, 1001 * MS, &mine));
    cr_assert_eq(decision_at(&plain_policy, e, 1050 * MS - 1, 0), DECISION_FRESH);
    cr_assert_eq(decision_at(&plain_policy, e, 1050 * MS, 0), DECISION_COMPUTE);
    entry_free(e);
}

Test(decision, by_a_clock_that_lags_errs_towards_computing)
{
    const struct age_policy p = {
        .ttl = 100 * MS, .stale = 100 * MS, .stale_if_error = 200 * MS, .negative = 50 * MS, .lag = 12 * MS};
    struct entry *e = aged(0, 1088 * MS);
    put_lease(e, LEASE_RESTING, 5000 * MS);
    cr_assert_eq(decision_at(&p, e, 1188 * MS - 1, p.lag), DECISION_STALE_RESTING);
    cr_assert_eq(decision_at(&p, e, 1188 * MS, p.lag), DECISION_OLD);
    cr_assert_eq(decision_at(&p, e, 1288 * MS - 1, p.lag), DECISION_OLD);
    cr_assert_eq(decision_at(&p, e, 1288 * MS, p.lag), DECISION_COMPUTE);
    cr_assert_eq(decision_at(&p, e, 1288 * MS, 0), DECISION_OLD, "by an exact clock it is not over");
    entry_free(e);
}

Test(decision, without_an_entry_is_to_compute)
{
    static struct function f;
    cr_assert_eq(decision_of(&f, NULL, 0, 0), DECISION_COMPUTE);
}

/* The short way of calls says what the whole says, whatever the settings, the word and the moment. */
Test(decision, of_a_call_is_the_same)
{
    static const uint64_t times[] = {0, 1 * MS, 100 * MS, 1000 * MS, 5000 * MS, CLOCK_NEVER};
    static const uint8_t flags[] = {0, ENTRY_EXPIRED, ENTRY_FAILED, ENTRY_TROUBLE};
    static struct function f;
    uint64_t seed = 42, seen[DECISIONS] = {0};
    clock_start(false);
    for (int i = 0; i < 200000; i++) {
        f.clock = chance(&seed) % 2 ? CLOCK_MONOTONIC : CLOCK_MONOTONIC_COARSE;
        f.dictionary = chance(&seed) % 16 == 0;
        atomic_store(&f.settings.ttl, times[chance(&seed) % 6]);
        atomic_store(&f.settings.stale, times[chance(&seed) % 6]);
        atomic_store(&f.settings.stale_if_error, times[chance(&seed) % 6]);
        atomic_store(&f.settings.negative, times[chance(&seed) % 6]);
        struct entry *e = aged(flags[chance(&seed) % 4], clock_add(1000 * MS, times[chance(&seed) % 6]));
        if (chance(&seed) % 4 == 0) {
            entry_more(e)->stale_until = clock_add(1000 * MS, times[chance(&seed) % 6]);
            entry_more(e)->dead_until = clock_add(entry_more(e)->stale_until, times[chance(&seed) % 6]);
        }
        if (chance(&seed) % 2)
            put_lease(e, (enum lease_state)(chance(&seed) % LEASE_STATES), chance(&seed) % (9000 * MS));
        uint64_t now = chance(&seed) % (9000 * MS), behind = chance(&seed) % (20 * MS);
        struct age_policy p = age_policy_of(&f);
        enum decision d = decision_at(&p, e, now, behind);
        seen[d]++;
        if (!f.dictionary)
            cr_assert_eq(decision_of(&f, e, now, behind), d, "round %d", i);
        entry_free(e);
    }
    for (int d = 0; d < DECISIONS; d++)
        cr_assert_gt(seen[d], 0, "decision %d was never made", d);
}

/* Who is served without waiting is either in time or resting past it. */
Test(decision, is_told_apart)
{
    for (int d = 0; d < DECISIONS; d++) {
        enum decision one = (enum decision)d;
        cr_expect_eq(decision_in_time(one), one == DECISION_FRESH || one == DECISION_STALE ||
                                                one == DECISION_STALE_RESTING || one == DECISION_CLAIM);
        cr_expect_eq(decision_serves(one), decision_in_time(one) || one == DECISION_OLD);
    }
}
