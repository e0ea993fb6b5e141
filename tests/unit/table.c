/* table.c - the table finds what was put in, and nothing else, whatever the hashes are like. */
#include "unit.h"

#include <criterion/criterion.h>

#include "core/table.h"

static struct table table;
static struct epoch_record reader;

static uint64_t spread(uint64_t number)
{
    return chance(&(uint64_t){number * 2 + 1});
}

static struct entry *find(uint64_t number, uint64_t hash)
{
    struct key key = {hash, sizeof number, (const unsigned char *)&number};
    epoch_enter(&reader);
    struct entry *e = table_find(&table, 1, &key);
    epoch_exit(&reader);
    return e;
}

static bool insert(struct entry *e)
{
    table_lock(&table, table_shard_of(entry_hash(e)));
    bool in = table_insert(&table, e);
    table_unlock(&table, table_shard_of(entry_hash(e)));
    return in;
}

static bool take_out(struct entry *e)
{
    table_lock(&table, table_shard_of(entry_hash(e)));
    bool was = table_remove(&table, e);
    table_unlock(&table, table_shard_of(entry_hash(e)));
    return was;
}

static void count(struct entry *e, void *cookie)
{
    uint64_t number;
    memcpy(&number, e->data, sizeof number);
    ((unsigned char *)cookie)[number]++;
}

static void remove_odd(struct entry *e, void *cookie)
{
    if (e->data[0] % 2 != 0 && table_remove(&table, e)) {
        ++*(unsigned int *)cookie;
        entry_free(e);
    }
}

static unsigned looked_at;

static bool look_at(const struct entry *e, uint64_t identity, const void *wanted)
{
    looked_at++;
    cr_assert_eq((const void *)e, wanted, "an address that is in no slot");
    return identity == 0;
}

/* All tags are compared at once; what stands behind them, the count of overflows, is none. */
Test(table, a_tag_that_fits_leads_to_its_slot_and_nothing_else_does)
{
    struct entry *e = entry_with(1, 5 << 16, 0);
    for (uint64_t overflow = 0; overflow < 256; overflow++)
        for (int slot = 0; slot < TABLE_SLOTS; slot++) {
            struct table_bucket b = {.tags[1] = overflow << TABLE_OVERFLOW % 8 * 8 | UINT64_C(5) << 40};
            b.tags[slot / 8] |= UINT64_C(5) << slot % 8 * 8;
            b.slot[slot] = alloc_ref_of(e);
            looked_at = 0;
            cr_assert_eq(table_fits(&b, 5 << 16), 1u << slot);
            cr_assert_null(table_look(&b, 5 << 16, 1, look_at, e));
            cr_assert_eq(looked_at, 1);
            cr_assert_eq(table_look(&b, 5 << 16, 0, look_at, e), e);
            cr_assert_null(table_look(&b, 6 << 16, 0, look_at, e));
        }
    entry_free(e);
}

/* An empty slot's tag is a tag like another: its slot must be nobody's. */
Test(table, an_empty_slot_is_no_entry_of_any_hash)
{
    static struct table_bucket empty;
    for (uint64_t hash = 0; hash < 1 << 24; hash += 1 << 16)
        cr_assert_null(table_look(&empty, hash, 0, look_at, NULL));
    cr_assert_eq(looked_at, 0);
}

/* Each array is larger than the one before, and every bucket of it is some hash's home. */
Test(table, homes_are_spread_over_arrays_of_every_size)
{
    static unsigned char home[1 << 10];
    for (unsigned size = 0, before = 0; size < 20; size = size == 0 ? 2 : size + 1) {
        cr_assert_gt(table_count(size), before);
        before = (unsigned)table_count(size);
        memset(home, 0, sizeof home);
        for (uint64_t i = 0; i < 1 << 16; i++) {
            cr_assert_lt(table_home(i << 48, size), before);
            home[table_home(i << 48, size)] = 1;
        }
        for (unsigned b = 0; b < before; b++)
            cr_assert(home[b]);
        cr_assert_eq(table_home(UINT64_MAX, size), before - 1);
    }
}

static void join(void)
{
    epoch_join(&reader);
}

static void release(struct entry *e, void *cookie)
{
    (void)cookie;
    entry_free(e);
}

static void empty(void)
{
    for (uint32_t s = 0; s < TABLE_SHARDS; s++)
        table_each(&table, s, release, NULL);
    epoch_collect();
}

TestSuite(table, .init = join, .fini = empty);

Test(table, empty_finds_nothing)
{
    struct entry *stranger = entry_with(1, spread(1), 0);
    cr_assert_null(find(1, spread(1)));
    cr_assert_not(take_out(stranger));
    cr_assert_not(table_holds(&table, stranger));
    cr_assert_not(table_replace(&table, stranger, stranger));
    entry_free(stranger);
}

Test(table, finds_by_identity_and_whole_key)
{
    uint64_t number = 5;
    struct entry *e = entry_with(number, spread(number), 0);
    struct key key = entry_key(e), shorter = key;
    shorter.len--;
    cr_assert(insert(e));
    cr_assert_eq(find(5, spread(5)), e);
    cr_assert_null(table_find(&table, 2, &key), "the same key of another function");
    cr_assert_null(table_find(&table, 1, &shorter));
    cr_assert_null(find(6, spread(5)), "another key with the same hash");
    cr_assert(take_out(e));
    cr_assert_null(find(5, spread(5)));
    cr_assert_not(take_out(e), "a second time");
    entry_free(e);
}

Test(table, grows_and_keeps_everything)
{
    enum { MANY = 20000 };
    static struct entry *entries[MANY];
    static unsigned char seen[MANY];
    for (uint64_t i = 0; i < MANY; i++) {
        entries[i] = entry_with(i, spread(i), 0);
        cr_assert(insert(entries[i]));
    }
    uint32_t sum = 0;
    for (uint32_t s = 0; s < TABLE_SHARDS; s++) {
        table_each(&table, s, count, seen);
        sum += table.shards[s].entries;
    }
    cr_assert_eq(sum, MANY);
    for (uint64_t i = 0; i < MANY; i++) {
        cr_assert_eq(find(i, spread(i)), entries[i]);
        cr_assert_eq(seen[i], 1, "each is visited once");
    }
    cr_assert_null(find(MANY, spread(MANY)));
    for (uint64_t i = 0; i < MANY; i += 2) {
        cr_assert(take_out(entries[i]));
        entry_free(entries[i]);
    }
    for (uint64_t i = 0; i < MANY; i++)
        cr_assert_eq(find(i, spread(i)), i % 2 != 0 ? entries[i] : NULL);
}

Test(table, replaces_in_place)
{
    struct entry *old = entry_with(9, spread(9), 0), *new_ = entry_with(9, spread(9), 4);
    uint32_t shard = table_shard_of(entry_hash(old));
    cr_assert(insert(old));
    table_lock(&table, shard);
    cr_assert(table_replace(&table, old, new_));
    cr_assert_not(table_holds(&table, old));
    cr_assert(table_holds(&table, new_));
    cr_assert_not(table_replace(&table, old, new_), "the old one has gone");
    table_unlock(&table, shard);
    cr_assert_eq(find(9, spread(9)), new_);
    cr_assert_eq(table.shards[shard].entries, 1);
    cr_assert(take_out(new_));
    entry_free(old);
    entry_free(new_);
}

Test(table, a_visit_may_remove_what_it_is_shown)
{
    unsigned int removed = 0;
    for (uint64_t i = 0; i < 100; i++)
        cr_assert(insert(entry_with(i, spread(i) << 6, 0))); /* all in one shard */
    table_lock(&table, 0);
    table_each(&table, 0, remove_odd, &removed);
    cr_assert_eq(table.shards[0].entries, 50);
    table_unlock(&table, 0);
    cr_assert_eq(removed, 50);
    cr_assert_null(find(1, spread(1) << 6));
    cr_assert_not_null(find(2, spread(2) << 6));
}

/* Equal hashes fill a window: refused then, without growing for ever and without losing anybody. */
Test(table, hostile_hashes_are_refused_and_harm_nobody)
{
    enum { TRIED = 1000 };
    struct entry *friend = entry_with(TRIED, spread(3) & ~(uint64_t)63, 0);
    uint64_t in = 0, found = 0;
    cr_assert(insert(friend));
    uint64_t before = os_alloc_count();
    for (uint64_t i = 0; i < TRIED; i++) {
        struct entry *e = entry_with(i, 0, 0);
        if (insert(e))
            in++;
        else
            entry_free(e);
    }
    cr_assert(in >= TABLE_SLOTS && in < TRIED, "%llu were let in", (unsigned long long)in);
    cr_assert_lt(os_alloc_count() - before, TRIED + 100, "growing did not help and was not tried again");
    for (uint64_t i = 0; i < TRIED; i++)
        found += find(i, 0) != NULL;
    cr_assert_eq(found, in);
    cr_assert_eq(find(TRIED, entry_hash(friend)), friend);
    cr_assert_eq(table.shards[0].entries, in + 1);
}

/* Who had to leave the home bucket is still found when those before it are gone. */
Test(table, neighbours_are_found_after_home_empties)
{
    enum { CROWD = 2 * TABLE_SLOTS };
    struct entry *entries[CROWD];
    for (size_t i = 0; i < CROWD; i++) {
        entries[i] = entry_with(i, 0, 0);
        cr_assert(insert(entries[i]));
    }
    for (size_t i = 0; i < TABLE_SLOTS; i++)
        cr_assert(take_out(entries[i]));
    for (size_t i = TABLE_SLOTS; i < CROWD; i++)
        cr_assert_eq(find(i, 0), entries[i]);
    for (size_t i = TABLE_SLOTS; i < CROWD; i++)
        cr_assert(take_out(entries[i]));
    for (size_t i = 0; i < CROWD; i++)
        entry_free(entries[i]);
    cr_assert_eq(table.shards[0].entries, 0);
}

Test(table, without_memory_an_insertion_is_refused_and_the_rest_stays)
{
    enum { MOST = 4096 };
    static struct entry *entries[MOST];
    uint64_t in = 0;
    struct entry *next = entry_with(0, 0, 0);
    os_alloc_fail_at(1, true);
    cr_assert_not(insert(next), "there is not even a first array");
    entry_free(next);
    os_alloc_fail_at(0, false);
    for (bool full = false; !full && in < MOST;) {
        next = entry_with(in, spread(in) << 6, 0);
        os_alloc_fail_at(in == 0 ? 0 : 1, true);
        full = !insert(next);
        os_alloc_fail_at(0, false);
        if (!full)
            entries[in++] = next;
    }
    cr_assert(in > 0 && in < MOST);
    for (uint64_t i = 0; i < in; i++)
        cr_assert_eq(find(i, spread(i) << 6), entries[i]);
    cr_assert(insert(next), "memory is back");
    cr_assert_eq(table.shards[0].entries, in + 1);
}

/* All in one shard, so that its array is large and moves bit by bit. */
static uint64_t in_shard_5(uint64_t number)
{
    return (spread(number) & ~(uint64_t)(TABLE_SHARDS - 1)) | 5;
}

static void fill_shard_5(uint64_t many, struct entry **entries)
{
    for (uint64_t i = 0; i < many; i++) {
        entries[i] = entry_with(i, in_shard_5(i), 0);
        cr_assert(insert(entries[i]));
    }
}

Test(table, everything_is_found_at_every_moment_of_a_move)
{
    enum { MANY = 40000 };
    static struct entry *entries[MANY];
    static unsigned char seen[MANY];
    unsigned int moments = 0, moves = 0;
    uint64_t seed = 3;
    for (uint64_t i = 0; i < MANY; i++) {
        bool before = atomic_load(&table.leaving[5]) != 0;
        entries[i] = entry_with(i, in_shard_5(i), 0);
        cr_assert(insert(entries[i]));
        bool moving = atomic_load(&table.leaving[5]) != 0;
        moves += moving && !before;
        moments += moving;
        for (int look = 0; look < 20; look++) {
            uint64_t known = chance(&seed) % (i + 1);
            cr_assert_eq(find(known, entry_hash(entries[known])), entries[known]);
        }
        cr_assert_null(find(MANY + i, in_shard_5(MANY + i)));
        if (moving && i % 1500 == 0) {
            memset(seen, 0, sizeof seen);
            table_each(&table, 5, count, seen);
            for (uint64_t known = 0; known <= i; known++)
                cr_assert_eq(seen[known], 1, "a walk meets each once, moved or not");
        }
    }
    cr_assert_gt(moves, 4);
    cr_assert_gt(moments, 1000, "it moves over many insertions");
}

Test(table, what_has_not_moved_yet_can_be_replaced_and_removed)
{
    enum { MANY = 40000 };
    static struct entry *entries[MANY];
    uint64_t many = 0;
    while (many < MANY && (many < 5000 || atomic_load(&table.leaving[5]) == 0)) {
        entries[many] = entry_with(many, in_shard_5(many), 0);
        cr_assert(insert(entries[many]));
        many++;
    }
    cr_assert_neq(atomic_load(&table.leaving[5]), 0);
    for (uint64_t i = 0; i < many; i++) {
        if (i % 3 == 0) {
            cr_assert(take_out(entries[i]));
            cr_assert_not(table_holds(&table, entries[i]));
            cr_assert_null(find(i, entry_hash(entries[i])));
        } else if (i % 3 == 1) {
            struct entry *other = entry_with(i, entry_hash(entries[i]), 8);
            table_lock(&table, 5);
            cr_assert(table_replace(&table, entries[i], other));
            table_unlock(&table, 5);
            cr_assert_eq(find(i, entry_hash(other)), other);
            entry_free(entries[i]);
            entries[i] = other;
        }
    }
    cr_assert_eq(table.shards[5].entries, many - (many + 2) / 3);
    for (uint64_t i = 0; i < many; i++)
        cr_assert_eq(find(i, entry_hash(entries[i])), i % 3 == 0 ? NULL : entries[i]);
}

Test(table, shrinks_when_most_is_gone_and_keeps_the_rest)
{
    enum { MANY = 40000, KEPT = 500 };
    static struct entry *entries[MANY];
    fill_shard_5(MANY, entries);
    size_t large = table_count(atomic_load(&table.arrays[5])), steps = 0;
    for (uint64_t i = KEPT; i < MANY; i++)
        cr_assert(take_out(entries[i]));
    while (table_tidy(&table, 5)) {
        for (uint64_t i = steps++ % 7; i < KEPT; i += 7)
            cr_assert_eq(find(i, entry_hash(entries[i])), entries[i]);
    }
    cr_assert_gt(steps, 10, "a bounded piece each time");
    cr_assert_eq(atomic_load(&table.leaving[5]), 0);
    cr_assert_leq(table_count(atomic_load(&table.arrays[5])), large / 16);
    for (uint64_t i = 0; i < KEPT; i++)
        cr_assert_eq(find(i, entry_hash(entries[i])), entries[i]);
    for (uint64_t i = 0; i < KEPT; i++)
        cr_assert(take_out(entries[i]));
    cr_assert_not(table_tidy(&table, 5));
    cr_assert_eq(atomic_load(&table.arrays[5]), 0, "an empty shard has no array");
}

/* Hashes that all want one window, while the array of an ordinary shard moves. */
Test(table, hostile_hashes_during_a_move_lose_nobody)
{
    enum { MANY = 6000, BAD = 600 };
    static struct entry *entries[MANY], *bad[BAD];
    unsigned int refused = 0;
    fill_shard_5(3000, entries);
    for (uint64_t i = 3000; i < MANY && atomic_load(&table.leaving[5]) == 0; i++) {
        entries[i] = entry_with(i, in_shard_5(i), 0);
        cr_assert(insert(entries[i]));
    }
    for (uint64_t i = 0; i < BAD; i++) {
        bad[i] = entry_with(MANY + i, (i << 48) | 5, 0);
        if (!insert(bad[i])) {
            refused++;
            entry_free(bad[i]);
            bad[i] = NULL;
        }
    }
    cr_assert_gt(refused, 0, "a shard does not grow without end for them");
    for (uint64_t i = 0; i < MANY && entries[i] != NULL; i++)
        cr_assert_eq(find(i, entry_hash(entries[i])), entries[i]);
    for (uint64_t i = 0; i < BAD; i++)
        cr_assert(bad[i] == NULL || find(MANY + i, entry_hash(bad[i])) == bad[i]);
}
