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
    table_lock(&table, table_shard_of(e->hash));
    bool in = table_insert(&table, e);
    table_unlock(&table, table_shard_of(e->hash));
    return in;
}

static bool take_out(struct entry *e)
{
    table_lock(&table, table_shard_of(e->hash));
    bool was = table_remove(&table, e);
    table_unlock(&table, table_shard_of(e->hash));
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
    uint32_t shard = table_shard_of(old->hash);
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
    cr_assert(in >= 7 && in < TRIED, "%llu were let in", (unsigned long long)in);
    cr_assert_lt(os_alloc_count() - before, TRIED + 100, "growing did not help and was not tried again");
    for (uint64_t i = 0; i < TRIED; i++)
        found += find(i, 0) != NULL;
    cr_assert_eq(found, in);
    cr_assert_eq(find(TRIED, friend->hash), friend);
    cr_assert_eq(table.shards[0].entries, in + 1);
}

/* Who had to leave the home bucket is still found when those before it are gone. */
Test(table, neighbours_are_found_after_home_empties)
{
    enum { CROWD = 12 }; /* a bucket holds 7 */
    struct entry *entries[CROWD];
    for (size_t i = 0; i < CROWD; i++) {
        entries[i] = entry_with(i, 0, 0);
        cr_assert(insert(entries[i]));
    }
    for (size_t i = 0; i < 7; i++)
        cr_assert(take_out(entries[i]));
    for (size_t i = 7; i < CROWD; i++)
        cr_assert_eq(find(i, 0), entries[i]);
    for (size_t i = 7; i < CROWD; i++)
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
