/* history.c - what became of keys: the latest note of each, and which go when there is no more room. */
#include <criterion/criterion.h>

#include "unit.h"

#include "runtime/cache/audit.h"
#include "runtime/cache/history.h"

enum { SETS = HISTORY_SLOTS / HISTORY_WAYS };

static struct function f = {.number = 7};
static unsigned char bytes[HISTORY_KEY_MAX + 1];

/* Keys of one length differ in their first bytes; those of like hash share a set. */
static struct key key_of(uint32_t number, size_t len, uint64_t hash)
{
    memset(bytes, 'k', sizeof bytes);
    memcpy(bytes, &number, sizeof number);
    return (struct key){hash, len, bytes};
}

static bool same(struct function *of, const struct key *key, void *cookie)
{
    const struct key *wanted = cookie;
    (void)of;
    return key->len == wanted->len && memcmp(key->bytes, wanted->bytes, key->len) == 0;
}

static uint64_t identity(uint64_t generation)
{
    uint64_t of = entry_identity(f.number, generation);
    atomic_store(&f.identity, of);
    return of;
}

/* 0: no note. */
static enum history_what noted(struct key key, struct history_record *r)
{
    struct history_record none, *record = r != NULL ? r : &none;
    return history_find(&f, same, &key, record) ? record->what : 0;
}

Test(history, keeps_the_latest_note_of_a_key)
{
    struct history_record r;
    clock_start(true);
    history_note(identity(3), &(struct key){5, 4, (const unsigned char *)"same"}, HISTORY_EVICTED, 0);
    struct key key = key_of(1, 8, 5);
    cr_assert_eq(noted(key, NULL), 0);
    history_note(identity(3), &key, HISTORY_INVALIDATED, 0);
    clock_advance(5 * NS_PER_MS);
    history_note(identity(3), &key, HISTORY_FAILED, 110);
    cr_assert_eq(noted(key, &r), HISTORY_FAILED);
    cr_assert_eq(r.error, 110);
    cr_assert_eq(r.when, clock_now());
    cr_assert_eq(r.act, 0);
    cr_assert(history_complete());
    /* A function's keys go by its number: what was noted of an earlier generation is theirs. */
    identity(4);
    cr_assert_eq(noted(key, NULL), HISTORY_FAILED);
    atomic_store(&f.identity, entry_identity(8, 3));
    cr_assert_eq(noted(key, NULL), 0, "another function's is not");
}

Test(history, of_one_key_has_one_place_in_each_generation)
{
    struct history_record r;
    clock_start(true);
    struct key other = key_of(2, 8, 5 + SETS);
    history_note(identity(3), &other, HISTORY_EVICTED, 0);
    for (int n = 0; n < 2 * HISTORY_WAYS; n++) {
        struct key key = key_of(1, 8, 5);
        history_note(identity(3), &key, HISTORY_FAILED, n);
    }
    cr_assert(history_complete(), "however often it was noted");
    cr_assert_eq(noted(key_of(2, 8, 5 + SETS), NULL), HISTORY_EVICTED);
    struct key key = key_of(1, 8, 5);
    history_note(identity(4), &key, HISTORY_SKIPPED, 0);
    cr_assert_eq(noted(key_of(1, 8, 5), NULL), HISTORY_SKIPPED);
    key = key_of(1, 8, 5);
    history_note(identity(3), &key, HISTORY_FAILED, 77);
    cr_assert_eq(noted(key_of(1, 8, 5), &r), HISTORY_FAILED, "the latest, wherever it stands");
    cr_assert_eq(r.error, 77);
}

Test(history, says_whose_doing_it_was)
{
    struct history_record r;
    struct key key = key_of(1, 8, 5);
    clock_start(true);
    uint64_t act = audit_begin(SWRCACHE_OP_INVALIDATE, 4711, "all");
    cr_assert_neq(act, 0);
    history_note(identity(1), &key, HISTORY_INVALIDATED, 0);
    audit_end(act, 1);
    cr_assert_eq(noted(key, &r), HISTORY_INVALIDATED);
    cr_assert_eq(r.act, act);
    cr_assert_eq(r.who, 4711);
    audit_because(7, 99);
    history_note(identity(1), &key, HISTORY_EXPIRED, 0);
    audit_because(0, 0);
    cr_assert_eq(noted(key, &r), HISTORY_EXPIRED);
    cr_assert_eq(r.act, 0, "that one is over");
    cr_assert_eq(r.cause, 7);
    cr_assert_eq(r.cause_hash, 99);
}

Test(history, forgets_the_oldest_of_a_set)
{
    for (uint32_t n = 0; n < HISTORY_WAYS; n++)
        history_note(identity(1), &(struct key){key_of(n, 8, 0).hash + (uint64_t)n * SETS, 8, bytes},
                     HISTORY_EVICTED, 0);
    cr_assert(history_complete());
    for (uint32_t n = 0; n < HISTORY_WAYS; n++)
        cr_assert_eq(noted(key_of(n, 8, (uint64_t)n * SETS), NULL), HISTORY_EVICTED);
    /* Noted again, the first is no longer the oldest. */
    struct key first = key_of(0, 8, 0);
    history_note(identity(1), &first, HISTORY_SKIPPED, 0);
    cr_assert(history_complete(), "it has its slot already");
    struct key next = key_of(100, 8, 100 * SETS);
    history_note(identity(1), &next, HISTORY_EVICTED, 0);
    cr_assert_not(history_complete());
    cr_assert_eq(noted(key_of(0, 8, 0), NULL), HISTORY_SKIPPED);
    cr_assert_eq(noted(key_of(1, 8, SETS), NULL), 0);
    cr_assert_eq(noted(key_of(2, 8, 2 * SETS), NULL), HISTORY_EVICTED);
    cr_assert_eq(noted(key_of(100, 8, 100 * SETS), NULL), HISTORY_EVICTED);
}

Test(history, keeps_long_keys_whole_and_gives_up_longer_ones)
{
    struct key longest = key_of(1, HISTORY_KEY_MAX, 5);
    history_note(identity(1), &longest, HISTORY_TOO_LARGE, 0);
    cr_assert_eq(noted(key_of(1, HISTORY_KEY_MAX, 5), NULL), HISTORY_TOO_LARGE);
    cr_assert_eq(noted(key_of(1, HISTORY_KEY_MAX - 1, 5), NULL), 0);
    cr_assert(history_complete());
    struct key longer = key_of(2, HISTORY_KEY_MAX + 1, 6);
    history_note(identity(1), &longer, HISTORY_TOO_LARGE, 0);
    cr_assert_not(history_complete());
}

Test(history, without_memory_says_that_it_is_not_complete)
{
    struct key key = key_of(1, 8, 5);
    cr_assert(history_complete());
    os_alloc_fail_at(1, true);
    history_note(identity(1), &key, HISTORY_EVICTED, 0);
    os_alloc_fail_at(0, false);
    cr_assert_not(history_complete());
    cr_assert_eq(noted(key, NULL), 0);
    history_note(identity(1), &key, HISTORY_EVICTED, 0);
    cr_assert_eq(noted(key, NULL), HISTORY_EVICTED);
}
