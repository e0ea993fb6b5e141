/* entry.c - what an entry holds, and how it says it in few bytes. */
#include "unit.h"

#include <criterion/criterion.h>
#include <limits.h>

enum { MS = 1000000 };

static struct entry *make(size_t key_len, size_t value_len, struct entry_extra extra)
{
    static unsigned char bytes[8192];
    memset(bytes, 'k', sizeof bytes);
    return entry_new(&(struct key){1, key_len, bytes}, 1, value_len, extra);
}

Test(entry, keeps_its_key_and_has_room_for_the_rest)
{
    struct key key = {77, 5, (const unsigned char *)"hello"};
    struct entry *e = entry_new(&key, entry_identity(3, 9), 100, (struct entry_extra){.opaque_len = 8});
    cr_assert_eq(entry_key_len(e), 5);
    cr_assert_eq(memcmp(e->data, "hello", 5), 0, "the caller's bytes are copied");
    cr_assert_eq(entry_value(e), e->data + 5);
    cr_assert_eq(entry_value_len(e), 100);
    cr_assert_eq(entry_opaque(e), e->data + 105);
    cr_assert_eq(entry_opaque_len(e), 8);
    cr_assert_eq(entry_bytes(e), sizeof *e + sizeof(struct entry_more) + 113);
    cr_assert_eq(entry_function(e), 3);
    cr_assert(entry_is_of(e, entry_identity(3, 9)));
    cr_assert_not(entry_is_of(e, entry_identity(3, 10)));
    cr_assert_not(entry_is_of(e, entry_identity(4, 9)));
    cr_assert_eq(atomic_load(&e->refs), 1);
    memset(entry_value(e), 1, 100);
    entry_free(e);
}

/* Any int is an errno, and any length of key one that is carried: no field of them is narrower. */
Test(entry, keeps_all_bits_of_what_is_out_of_the_ordinary)
{
    static const int errors[] = {0, 2, 0xffff, 65536, 65538, INT_MAX, -1, INT_MIN};
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        struct entry *e = make(8, 8, (struct entry_extra){.more = true});
        entry_flag(e, ENTRY_FAILED);
        entry_more(e)->result_errno = errors[i];
        cr_assert_eq(entry_errno(e), errors[i]);
        entry_free(e);
        e = make(8, 8, (struct entry_extra){.more = true});
        entry_more(e)->stale_until = entry_more(e)->dead_until = 5000 * NS_PER_MS;
        entry_more(e)->own_ttl_ms = 4000;
        cr_assert(entry_has_own_times(e));
        cr_assert_eq(entry_errno(e), 0, "times of its own are no errno");
        entry_free(e);
    }
    struct entry *e = make(8, 8, (struct entry_extra){.opaque_len = 70000});
    cr_assert_not_null(e);
    cr_assert_eq(entry_opaque_len(e), 70000);
    memset(entry_opaque(e), 1, 70000);
    entry_free(e);
    cr_assert_null(make(8, SIZE_MAX - 8, (struct entry_extra){.more = false}));
    cr_assert_null(make(8, 8, (struct entry_extra){.opaque_len = SIZE_MAX - 8}));
    cr_assert_null(make(8, 8, (struct entry_extra){.marks_len = SIZE_MAX - 8}));
}

/* What few entries need is there only for them. */
Test(entry, of_two_words_has_one_header)
{
    struct entry *e = make(8, 8, (struct entry_extra){.more = false});
    cr_assert_eq(entry_bytes(e), sizeof *e + 16);
    entry_free(e);
}

/* Whoever looks for a key of one word compares it before knowing whose entry it is. */
Test(entry, of_nothing_has_room_for_the_look_at_a_word)
{
    struct entry *entries[16];
    for (int i = 0; i < 16; i++) {
        entries[i] = make(0, 0, (struct entry_extra){.more = false});
        cr_assert_eq(bytes_word(entries[i]->data), 0);
        for (int j = 0; j < i; j++)
            cr_assert_geq((size_t)llabs((char *)entries[i] - (char *)entries[j]), sizeof(struct entry) + 8);
    }
    for (int i = 0; i < 16; i++)
        entry_free(entries[i]);
}

Test(entry, knows_any_length)
{
    static const size_t lengths[] = {0, 1, 4094, 4095, 4096, 8000};
    for (size_t i = 0; i < 6; i++)
        for (size_t j = 0; j < 6; j++) {
            struct entry *e = make(lengths[i], lengths[j], (struct entry_extra){.more = false});
            cr_assert_eq(entry_key_len(e), lengths[i]);
            cr_assert_eq(entry_value_len(e), lengths[j]);
            cr_assert_geq(entry_bytes(e), sizeof *e + lengths[i] + lengths[j]);
            entry_free(e);
        }
}

/* Rounded down: an end in time is never later than it was set. */
Test(entry, tells_times_in_steps_that_end_early)
{
    struct entry *e = make(8, 8, (struct entry_extra){.more = false});
    static const uint64_t times[] = {0,
                                     1,
                                     249999,
                                     250000,
                                     1000 * MS,
                                     1000 * MS + 1,
                                     UINT64_C(86400) * 1000 * MS,
                                     UINT64_C(68000000) * 1000000000};
    for (size_t i = 0; i < 8; i++) {
        entry_set_fresh_until(e, times[i]);
        cr_assert_leq(entry_fresh_until(e), times[i]);
        cr_assert_lt(times[i] - entry_fresh_until(e), ENTRY_STEP_NS);
        entry_set_born(e, times[i]);
        cr_assert_lt(times[i] - entry_born(e), ENTRY_STEP_NS);
    }
    for (uint64_t late = UINT64_C(69000000) * 1000000000; late < UINT64_C(1) << 62; late += late / 9) {
        entry_set_fresh_until(e, late);
        cr_assert_leq(entry_fresh_until(e), late);
        cr_assert_lt(late - entry_fresh_until(e), 1 << ENTRY_LATE_SHIFT);
    }
    /* What is later than can be told ends when that does. */
    const uint64_t last = ((UINT64_C(1) << 62) - 1) - (2 << ENTRY_LATE_SHIFT);
    entry_set_fresh_until(e, UINT64_C(1) << 62);
    cr_assert_gt(entry_fresh_until(e), last);
    entry_set_fresh_until(e, CLOCK_NEVER - 1);
    cr_assert_lt(entry_fresh_until(e), UINT64_C(1) << 62);
    cr_assert_gt(entry_fresh_until(e), last);
    entry_set_fresh_until(e, CLOCK_NEVER);
    cr_assert_eq(entry_fresh_until(e), CLOCK_NEVER);
    cr_assert_eq(entry_value_len(e), 8);
    entry_free(e);
}

Test(entry, tells_its_cost_to_an_eighth)
{
    struct entry *e = make(8, 8, (struct entry_extra){.more = false});
    for (uint64_t us = 0; us < UINT64_C(4000000000); us += us / 7 + 1) {
        entry_set_cost(e, us);
        cr_assert_leq(entry_cost_us(e), us);
        cr_assert_leq(us - entry_cost_us(e), us / 8);
    }
    entry_set_cost(e, UINT64_MAX);
    cr_assert_eq(entry_cost_us(e), UINT32_MAX);
    entry_free(e);
}

Test(entry, counts_its_hits_exactly_while_they_are_few_and_nearly_afterwards)
{
    struct entry *e = make(8, 8, (struct entry_extra){.more = false});
    cr_assert_eq(entry_hits(e), 0);
    cr_assert_eq(entry_touched(e), 0);
    for (uint32_t hits = 1; hits <= ENTRY_HITS_EXACT; hits++) {
        entry_touch(e, hits);
        cr_assert_eq(entry_hits(e), hits);
        cr_assert_eq(entry_touched(e), hits < 2 ? hits : 2);
    }
    entry_set_touched(e, 0);
    cr_assert_eq(entry_hits(e), ENTRY_HITS_EXACT);
    for (uint32_t hits = ENTRY_HITS_EXACT; hits < 1000000; hits++)
        entry_touch(e, hits);
    cr_assert_gt(entry_hits(e), 800000);
    cr_assert_lt(entry_hits(e), 1200000);
    cr_assert_eq(entry_touched(e), 2);
    /* The highest count stays. */
    for (uint32_t i = 0; i < ENTRY_HITS_MOST; i++)
        entry_touch(e, 0);
    cr_assert_eq(entry_hits(e), UINT32_C(1) << 31);
    cr_assert_eq(entry_touched(e), 2);
    entry_free(e);
}

/* As hits of many threads come, each with a count of its own: which of them takes a step is mere chance. */
Test(entry, counts_right_on_average_and_is_seldom_written_once_it_has_many_hits)
{
    enum { ENTRIES = 3000, BEFORE = 4000, COUNTED = 2000, HITS = BEFORE + COUNTED };
    uint64_t seed = 1;
    unsigned written = 0, far = 0;
    double sum = 0, squares = 0;
    for (int i = 0; i < ENTRIES; i++) {
        struct entry *e = make(8, 8, (struct entry_extra){.more = false});
        for (int hits = 0; hits < HITS; hits++) {
            uint16_t use = atomic_load(&e->use);
            entry_touch(e, chance(&seed) >> 32);
            written += hits >= BEFORE && atomic_load(&e->use) != use;
        }
        double off = entry_hits(e) / (double)HITS - 1;
        sum += off;
        squares += off * off;
        far += off < -0.3 || off > 0.3;
        entry_free(e);
    }
    cr_assert_lt(written, 0.007 * ENTRIES * COUNTED, "%u", written);
    cr_assert_gt(sum, -0.02 * ENTRIES, "%g", sum / ENTRIES);
    cr_assert_lt(sum, 0.02 * ENTRIES, "%g", sum / ENTRIES);
    cr_assert_lt(squares, 0.16 * 0.16 * ENTRIES, "%g", squares / ENTRIES);
    cr_assert_lt(far, 0.05 * ENTRIES, "%u", far);
}

Test(entry, says_once_whether_it_was_called)
{
    struct entry *e = make(8, 8, (struct entry_extra){.more = false});
    cr_assert_not(entry_called(e));
    for (uint32_t round = 0; round < 3000; round++) {
        entry_touch(e, round);
        entry_set_touched(e, round % (ENTRY_TOUCHED_MOST + 1));
        cr_assert(entry_called(e));
        cr_assert_not(entry_called(e));
        cr_assert_eq(entry_touched(e), round % (ENTRY_TOUCHED_MOST + 1));
    }
    entry_free(e);
}

Test(entry, is_refused_when_too_large_or_without_memory)
{
    const struct entry_extra none = {.more = false};
    struct key key = {1, 1, (const unsigned char *)"k"};
    struct key huge = {1, UINT32_MAX, (const unsigned char *)"k"};
    cr_assert_null(entry_new(&key, 1, (size_t)UINT32_MAX, none));
    cr_assert_null(entry_new(&huge, 1, 1, none));
    os_alloc_fail_at(1, false);
    cr_assert_null(entry_new(&key, 1, 1, none));
    struct entry *e = entry_new(&key, 1, 1, none);
    cr_assert_not_null(e);
    entry_free(e);
}
