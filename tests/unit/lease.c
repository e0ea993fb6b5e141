/* lease.c - who may refresh an entry, from when, and for how long refreshing rests after failures. */
#include "aged.h"

#include <criterion/criterion.h>

#include "runtime/cache/lease.h"

#define LONG_MS 60000

static uint64_t stale_until(uint64_t ms)
{
    return ENTRY_TURN | entry_time(ms * MS);
}

Test(lease, is_due_held_or_resting)
{
    uint64_t mine = lease_mine();
    const struct {
        uint64_t word, now;
        enum lease_state state;
    } cases[] = {
        {entry_time(1100 * MS), 1050 * MS, LEASE_DUE},
        {entry_time(1100 * MS), 1100 * MS, LEASE_DUE},
        {ENTRY_TURN, 0, LEASE_DUE},
        {stale_until(1200), 1200 * MS - 1, LEASE_RESTING},
        {stale_until(1200), 1200 * MS, LEASE_DUE},
        {ENTRY_TURN | ENTRY_NEVER, CLOCK_NEVER - 1, LEASE_RESTING},
        {stale_until(1200) | mine, 1200 * MS - 1, LEASE_HELD},
        {stale_until(1200) | mine, 1200 * MS, LEASE_DUE},
        /* While an entry is fresh a lease lasts as long as that. */
        {entry_time(1100 * MS) | mine, 1100 * MS - 1, LEASE_HELD},
        {entry_time(1100 * MS) | mine, 1100 * MS, LEASE_DUE},
        {ENTRY_NEVER | mine, CLOCK_NEVER - 1, LEASE_HELD},
        {0, 0, LEASE_DUE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_expect_eq(lease_state(cases[i].word, cases[i].now), cases[i].state, "case %zu", i);
        cr_expect_eq(lease_due(cases[i].word, cases[i].now), cases[i].state == LEASE_DUE, "case %zu", i);
        /* What else the word says changes nothing. */
        uint64_t full = cases[i].word | UINT64_C(0xfff) << ENTRY_FLAGS_AT;
        cr_expect_eq(lease_state(full, cases[i].now), cases[i].state, "case %zu with flags", i);
    }
}

Test(lease, of_a_forks_parent_is_nobodys_in_the_child)
{
    uint64_t word = stale_until(1200) | lease_mine();
    for (int child = 1; child < 4; child++) {
        atomic_fetch_add(&lease_generation, 1);
        cr_assert_not(lease_held(word, 1100 * MS), "child %d", child);
        cr_assert_eq(lease_state(word, 1100 * MS), LEASE_DUE);
    }
}

Test(lease, is_claimed_once)
{
    struct entry *e = aged(ENTRY_NULL, 1100 * MS);
    uint64_t first, second;
    cr_assert(lease_claim(e, 1050 * MS, &first));
    cr_assert_eq(entry_fresh_until(e), 1100 * MS, "a fresh entry keeps its time");
    cr_assert_not(lease_claim(e, 1100 * MS - 1, &second), "it is held");
    cr_assert(lease_claim(e, 1100 * MS, &second), "it ended with the entry's freshness");
    cr_assert_eq(entry_fresh_until(e), 0);
    cr_assert(lease_held(lease_word(e), (1100 + LONG_MS) * MS - 1));
    cr_assert_not(lease_held(lease_word(e), (1100 + LONG_MS) * MS), "whoever has it then is lost");
    cr_assert_not(lease_return(e, first, 1100 * MS, 0), "it is another's now");
    cr_assert(lease_held(lease_word(e), 1100 * MS));
    cr_assert(lease_return(e, second, 1101 * MS, 1200 * MS));
    cr_assert_eq(lease_state(lease_word(e), 1200 * MS - 1), LEASE_RESTING);
    cr_assert_eq(lease_state(lease_word(e), 1200 * MS), LEASE_DUE);
    cr_assert_not(lease_return(e, second, 1201 * MS, 0), "it was given back");
    cr_assert_eq(entry_flags(e), ENTRY_NULL | ENTRY_MORE, "flags stay");
    entry_free(e);
}

Test(lease, given_back_while_fresh_leaves_the_entry_fresh)
{
    struct entry *e = aged(0, 1100 * MS);
    uint64_t mine;
    cr_assert(lease_claim(e, 1050 * MS, &mine));
    cr_assert(lease_return(e, mine, 1099 * MS, 1500 * MS));
    cr_assert_eq(entry_fresh_until(e), 1100 * MS, "and no back-off begins");
    cr_assert(lease_claim(e, 1099 * MS, &mine));
    cr_assert(lease_return(e, mine, 1100 * MS, 1500 * MS), "fresh no more when it is given back");
    cr_assert_eq(lease_word(e) & ENTRY_WHEN, stale_until(1500));
    entry_free(e);
}

Test(lease, ends_whoever_has_it)
{
    struct entry *e = aged(0, 1100 * MS);
    uint64_t mine;
    cr_assert(lease_claim(e, 1100 * MS, &mine));
    lease_end(e, 1101 * MS, 1500 * MS);
    cr_assert_eq(lease_word(e) & ENTRY_WHEN, stale_until(1500));
    cr_assert_not(lease_return(e, mine, 1102 * MS, 0));
    entry_set_fresh_until(e, 2000 * MS);
    cr_assert(lease_claim(e, 1600 * MS, &mine));
    lease_end(e, 1601 * MS, CLOCK_NEVER);
    cr_assert_eq(lease_word(e) & ENTRY_WHEN, entry_time(2000 * MS), "a fresh entry keeps its time");
    entry_free(e);
}

Test(lease, is_not_hastened_but_a_back_off_is)
{
    struct entry *e = aged(0, 1100 * MS);
    uint64_t mine;
    lease_hasten(e);
    cr_assert_eq(entry_fresh_until(e), 1100 * MS, "nor is a fresh entry's time");
    cr_assert(lease_claim(e, 1100 * MS, &mine));
    lease_hasten(e);
    cr_assert_eq(lease_word(e) & ENTRY_WHEN, mine);
    cr_assert(lease_return(e, mine, 1101 * MS, 1500 * MS));
    lease_hasten(e);
    cr_assert_eq(lease_state(lease_word(e), 0), LEASE_DUE);
    entry_free(e);
}

Test(lease, of_an_expired_entry_stays_with_its_owner)
{
    struct entry *e = aged(0, CLOCK_NEVER);
    uint64_t mine;
    lease_expire(e, 1050 * MS);
    cr_assert_eq(entry_fresh_until(e), 0);
    cr_assert_eq(lease_state(lease_word(e), 1050 * MS), LEASE_DUE);
    entry_set_fresh_until(e, CLOCK_NEVER);
    cr_assert(lease_claim(e, 1060 * MS, &mine));
    lease_expire(e, 1070 * MS);
    cr_assert_eq(entry_fresh_until(e), 0);
    cr_assert_eq(lease_state(lease_word(e), (1070 + LONG_MS) * MS - 1), LEASE_HELD);
    cr_assert_eq(lease_state(lease_word(e), (1070 + LONG_MS) * MS), LEASE_DUE);
    entry_free(e);
}

/* Flags set meanwhile do not make it fail, another's change does. */
Test(lease, is_changed_only_from_what_was_seen)
{
    struct entry *e = aged(0, 1100 * MS);
    uint64_t seen = lease_word(e);
    entry_flag(e, ENTRY_RECORDED);
    cr_assert(lease_change(e, seen, ENTRY_TURN));
    cr_assert(entry_flags(e) & ENTRY_RECORDED);
    cr_assert_not(lease_change(e, seen, ENTRY_NEVER));
    cr_assert_eq(lease_word(e) & ENTRY_WHEN, ENTRY_TURN);
    entry_free(e);
}

Test(back_off, doubles_up_to_its_cap)
{
    const struct {
        uint64_t first, most;
        uint32_t failures;
        uint64_t wait;
    } cases[] = {
        {1000 * MS, 60000 * MS, 0, 1000 * MS},
        {1000 * MS, 60000 * MS, 1, 1000 * MS},
        {1000 * MS, 60000 * MS, 2, 2000 * MS},
        {1000 * MS, 60000 * MS, 6, 32000 * MS},
        {1000 * MS, 60000 * MS, 7, 60000 * MS}, /* 64 s is above it */
        {1000 * MS, 60000 * MS, 8, 60000 * MS},
        {1000 * MS, 60000 * MS, UINT8_MAX, 60000 * MS},
        {1000 * MS, 60000 * MS, UINT32_MAX, 60000 * MS},
        {1000 * MS, 64000 * MS, 7, 64000 * MS},
        {1000 * MS, 1000 * MS, 5, 1000 * MS},
        {5000 * MS, 1000 * MS, 1, 1000 * MS}, /* the cap is less than the first */
        {1000 * MS, 0, 3, 0},
        {1000 * MS, CLOCK_NEVER, 100, CLOCK_NEVER},
        {CLOCK_NEVER, CLOCK_NEVER, 1, CLOCK_NEVER},
        {UINT64_MAX / 2 + 1, CLOCK_NEVER - 1, 2, CLOCK_NEVER - 1}, /* twice as much does not fit */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_eq(lease_back_off(cases[i].first, cases[i].most, cases[i].failures, 0, UINT64_MAX),
                     cases[i].wait, "case %zu", i);
    /* Of nothing there is nothing to double, however many they are. */
    cr_expect_eq(lease_back_off(0, 60000 * MS, 40, 10, 7), 0);
}

Test(back_off, is_spread_downwards)
{
    cr_assert_eq(lease_back_off(1000 * MS, 60000 * MS, 1, 10, 0), 1000 * MS);
    cr_assert_eq(lease_back_off(1000 * MS, 60000 * MS, 1, 10, 100 * MS), 900 * MS);
    cr_assert_eq(lease_back_off(1000 * MS, 60000 * MS, 1, 10, 100 * MS + 1), 1000 * MS);
    cr_assert_eq(lease_back_off(1000 * MS, 60000 * MS, 1, 100, 1000 * MS), 0);
    cr_assert_eq(lease_back_off(1000 * MS, 60000 * MS, UINT32_MAX, 10, 6000 * MS), 54000 * MS,
                 "at the cap too");
}
