/* entry.c - what an entry holds, and its four ages. */
#include "unit.h"

#include <criterion/criterion.h>

#include "base/clock.h"

Test(entry, keeps_its_key_and_has_room_for_the_rest)
{
    struct key key = {77, 5, (const unsigned char *)"hello"};
    struct entry *e = entry_new(&key, 3, 8, 100, 0);
    struct key kept = entry_key(e);
    cr_assert(same_key(&key, &kept) && kept.hash == 77);
    cr_assert_neq((const void *)kept.bytes, (const void *)key.bytes, "the caller's bytes are copied");
    cr_assert_eq(entry_opaque(e), e->data + 5);
    cr_assert_eq(entry_value(e), e->data + 13);
    cr_assert_eq(entry_bytes(e), sizeof *e + 113);
    cr_assert_eq(e->identity, 3);
    cr_assert_eq(atomic_load(&e->refs), 1);
    cr_assert_eq((uintptr_t)e % 64, 0);
    memset(entry_value(e), 1, 100);
    entry_free(e);
}

Test(entry, goes_through_its_ages_at_the_boundaries)
{
    struct entry *e = entry_with(1, 1, 0);
    atomic_store(&e->fresh_until, 100);
    atomic_store(&e->stale_until, 200);
    atomic_store(&e->dead_until, 300);
    cr_assert_eq(entry_state(e, 0), ENTRY_FRESH);
    cr_assert_eq(entry_state(e, 99), ENTRY_FRESH);
    cr_assert_eq(entry_state(e, 100), ENTRY_STALE);
    cr_assert_eq(entry_state(e, 199), ENTRY_STALE);
    cr_assert_eq(entry_state(e, 200), ENTRY_FALLBACK);
    cr_assert_eq(entry_state(e, 299), ENTRY_FALLBACK);
    cr_assert_eq(entry_state(e, 300), ENTRY_DEAD);
    cr_assert_eq(entry_state(e, CLOCK_NEVER), ENTRY_DEAD);
    entry_free(e);
}

Test(entry, without_stale_or_fallback_time_dies_at_once)
{
    struct entry *e = entry_with(1, 1, 0);
    atomic_store(&e->fresh_until, 100);
    atomic_store(&e->stale_until, 100);
    atomic_store(&e->dead_until, 100);
    cr_assert_eq(entry_state(e, 99), ENTRY_FRESH);
    cr_assert_eq(entry_state(e, 100), ENTRY_DEAD);
    entry_free(e);
}

Test(entry, that_lives_for_ever_stays_fresh)
{
    struct entry *e = entry_with(1, 1, 0);
    atomic_store(&e->fresh_until, CLOCK_NEVER);
    atomic_store(&e->stale_until, CLOCK_NEVER);
    atomic_store(&e->dead_until, CLOCK_NEVER);
    cr_assert_eq(entry_state(e, CLOCK_NEVER - 1), ENTRY_FRESH);
    entry_free(e);
}

Test(entry, is_refused_when_too_large_or_without_memory)
{
    struct key key = {1, 1, (const unsigned char *)"k"};
    struct key huge = {1, UINT32_MAX, (const unsigned char *)"k"};
    cr_assert_null(entry_new(&key, 1, 0, (size_t)UINT32_MAX, 0));
    cr_assert_null(entry_new(&huge, 1, 0, 1, 0));
    os_alloc_fail_at(1, false);
    cr_assert_null(entry_new(&key, 1, 0, 1, 0));
    struct entry *e = entry_new(&key, 1, 0, 1, 0);
    cr_assert_not_null(e);
    entry_free(e);
}
