/* evict.c - bounds are kept, and who goes first. What holds of any policy is tested, not its queues. */
#include "unit.h"

#include <criterion/criterion.h>

#include "core/evict.h"

static struct evict evictor;
static const struct entry *leased;

static bool anybody(struct entry *e)
{
    (void)e;
    return true;
}

static bool nobody(struct entry *e)
{
    (void)e;
    return false;
}

static bool not_leased(struct entry *e)
{
    return e != leased;
}

static struct entry *pick(bool (*may_go)(struct entry *))
{
    struct entry *e = evict_pick(&evictor, may_go, NULL);
    if (e != NULL)
        evict_gone(&evictor, e);
    return e;
}

static struct entry *add(uint64_t number, size_t value_len)
{
    struct entry *e = entry_with(number, chance(&(uint64_t){number + 1}), value_len);
    evict_add(&evictor, e);
    return e;
}

static uint64_t number_of(const struct entry *e)
{
    uint64_t number;
    memcpy(&number, e->data, sizeof number);
    return number;
}

static void unbounded(void)
{
    evict_bounds(&evictor, UINT64_MAX, UINT64_MAX);
}

/* Evicts what a bound asks for; how many went. */
static unsigned int shrink(uint64_t max_bytes, uint64_t max_entries)
{
    unsigned int gone = 0;
    evict_bounds(&evictor, max_bytes, max_entries);
    for (struct entry *e; (e = pick(anybody)) != NULL; gone++)
        entry_free(e);
    return gone;
}

static void empty(void)
{
    shrink(0, 0);
    cr_assert_eq(evict_entries(&evictor), 0);
}

TestSuite(evict, .init = unbounded, .fini = empty);

Test(evict, within_its_bounds_nobody_goes)
{
    for (uint64_t i = 0; i < 100; i++)
        add(i, 10);
    cr_assert_null(pick(anybody));
    cr_assert_eq(evict_entries(&evictor), 100);
    evict_bounds(&evictor, evict_bytes(&evictor), 100);
    cr_assert_null(pick(anybody), "exactly full is not too full");
}

Test(evict, goes_until_the_number_fits)
{
    unsigned char gone[100] = {0};
    unsigned int picked = 0;
    struct entry *e;
    for (uint64_t i = 0; i < 100; i++)
        add(i, 10);
    evict_bounds(&evictor, UINT64_MAX, 30);
    while ((e = pick(anybody)) != NULL) {
        cr_assert_eq(atomic_load(&e->refs), 2, "a reference goes with it");
        cr_assert_eq(gone[number_of(e)]++, 0, "nobody goes twice");
        picked++;
        entry_free(e);
    }
    cr_assert_eq(picked, 70);
    cr_assert_eq(evict_entries(&evictor), 30);
}

Test(evict, goes_until_the_bytes_fit)
{
    size_t each = entry_bytes(add(0, 1000));
    for (uint64_t i = 1; i < 50; i++)
        add(i, 1000);
    cr_assert_eq(evict_bytes(&evictor), 50 * each);
    cr_assert_eq(shrink(20 * each + 1, UINT64_MAX), 30);
    cr_assert_eq(evict_bytes(&evictor), 20 * each);
    cr_assert_eq(shrink(0, UINT64_MAX), 20);
    cr_assert_eq(evict_bytes(&evictor), 0);
    cr_assert_eq(evict_entries(&evictor), 0);
}

Test(evict, an_entry_under_lease_stays)
{
    for (uint64_t i = 0; i < 20; i++) {
        struct entry *e = add(i, 10);
        if (i == 3)
            leased = e;
    }
    evict_bounds(&evictor, UINT64_MAX, 1);
    for (struct entry *e; (e = pick(not_leased)) != NULL; entry_free(e))
        cr_assert_neq(e, leased);
    cr_assert_eq(evict_entries(&evictor), 1);
    evict_bounds(&evictor, UINT64_MAX, 0);
    cr_assert_null(pick(nobody), "all are leased: it ends all the same");
    struct entry *last = pick(anybody);
    cr_assert_eq(last, leased);
    entry_free(last);
}

/* Asked for again and again, then a scan of things asked for once: what was asked for stays. */
Test(evict, a_scan_does_not_wash_out_what_is_used)
{
    enum { HOT = 50, SCAN = 2000 };
    static struct entry *hot[HOT];
    evict_bounds(&evictor, UINT64_MAX, 200);
    for (uint64_t i = 0; i < HOT; i++) {
        hot[i] = add(i, 10);
        entry_set_touched(hot[i], ENTRY_TOUCHED_MOST);
    }
    for (uint64_t i = 0; i < SCAN; i++) {
        add(1000 + i, 10);
        for (struct entry *e; (e = pick(anybody)) != NULL; entry_free(e))
            cr_assert_geq(number_of(e), HOT, "after %llu others", (unsigned long long)i);
        for (uint64_t h = 0; i % 100 == 0 && h < HOT; h++)
            entry_set_touched(hot[h], ENTRY_TOUCHED_MOST);
    }
    cr_assert_eq(evict_entries(&evictor), 200);
}

Test(evict, a_replacement_stands_where_the_old_one_stood)
{
    struct entry *old = add(1, 10), *new_ = entry_with(1, entry_hash(old), 500);
    entry_set_touched(old, 2);
    evict_replace(&evictor, old, new_);
    cr_assert_eq(evict_entries(&evictor), 1);
    cr_assert_eq(evict_bytes(&evictor), entry_bytes(new_));
    cr_assert_eq(entry_touched(new_), 2);
    cr_assert_eq(entry_queue(old), EVICT_NONE);
    evict_remove(&evictor, old);
    cr_assert_eq(evict_entries(&evictor), 1, "the old one is no longer there to be removed");
    evict_remove(&evictor, new_);
    evict_remove(&evictor, new_);
    cr_assert_eq(evict_entries(&evictor), 0);
    cr_assert_eq(evict_bytes(&evictor), 0);
    entry_free(old);
    entry_free(new_);
}

/* An entry that eviction took a moment ago is refreshed: the new one is counted. */
Test(evict, a_replacement_of_one_already_gone_is_counted)
{
    struct entry *old = add(1, 10), *new_ = entry_with(1, entry_hash(old), 10);
    evict_bounds(&evictor, UINT64_MAX, 0);
    cr_assert_eq(pick(anybody), old);
    evict_replace(&evictor, old, new_);
    cr_assert_eq(evict_entries(&evictor), 1);
    cr_assert_eq(pick(anybody), new_);
    entry_free(old);
    entry_free(new_);
}

Test(evict, without_memory_for_ghosts_it_still_evicts)
{
    for (uint64_t i = 0; i < 10; i++)
        add(i, 10);
    os_alloc_fail_at(1, true);
    cr_assert_eq(shrink(UINT64_MAX, 4), 6);
    os_alloc_fail_at(0, false);
    cr_assert_eq(evict_entries(&evictor), 4);
}

/* Adding, touching, replacing and removing at random: the sums are those of a plain count. */
Test(evict, its_sums_are_right_after_any_history)
{
    enum { SLOTS = 64 };
    static struct entry *slots[SLOTS];
    uint64_t seed = 11, entries = 0, bytes = 0;
    evict_bounds(&evictor, UINT64_MAX, 40);
    for (unsigned int turn = 0; turn < 20000; turn++) {
        struct entry **slot = &slots[chance(&seed) % SLOTS];
        uint64_t what = chance(&seed) % 4;
        if (*slot == NULL) {
            *slot = add((uint64_t)(slot - slots), chance(&seed) % 300);
        } else if (what == 0) {
            evict_remove(&evictor, *slot);
            entry_free(*slot);
            *slot = NULL;
        } else if (what == 1) {
            struct entry *new_ = entry_with((uint64_t)(slot - slots), entry_hash(*slot), chance(&seed) % 300);
            evict_replace(&evictor, *slot, new_);
            entry_free(*slot);
            *slot = new_;
        } else {
            entry_set_touched(*slot, chance(&seed) % 3);
        }
        for (struct entry *e; (e = pick(anybody)) != NULL; entry_free(e))
            slots[number_of(e)] = NULL;
        entries = bytes = 0;
        for (size_t i = 0; i < SLOTS; i++) {
            entries += slots[i] != NULL;
            bytes += slots[i] != NULL ? entry_bytes(slots[i]) : 0;
        }
        cr_assert_eq(evict_entries(&evictor), entries);
        cr_assert_eq(evict_bytes(&evictor), bytes);
        cr_assert_leq(entries, 40);
    }
}

static void evict_all(void)
{
    for (struct entry *e; (e = pick(anybody)) != NULL;)
        ;
}

/* A scan of cheap things that nobody asks for again: what is dear to compute stays, without a touch. */
Test(evict, what_is_dear_to_compute_stays_longer)
{
    enum { DEAR = 20 };
    static struct entry *all[2000];
    struct entry *dear[DEAR], *cheap[DEAR];
    unsigned int kept_dear = 0, kept_cheap = 0;
    evict_bounds(&evictor, UINT64_MAX, 200);
    for (uint64_t i = 0; i < 2000; i++) {
        struct entry *e = all[i] = entry_with(i, chance(&(uint64_t){i + 1}), 10);
        entry_set_cost(e, 1000);
        entry_set_touched(e, i < 100 ? 2 : 0); /* there is a main queue with ordinary entries */
        if (i >= 1000 && i < 1000 + 2 * DEAR) {
            if (i % 2 == 0)
                entry_set_cost(e, 1000000);
            (i % 2 == 0 ? dear : cheap)[(i - 1000) / 2] = e;
        }
        evict_add(&evictor, e);
        evict_all();
    }
    for (int i = 0; i < DEAR; i++) {
        kept_dear += entry_queue(dear[i]) != EVICT_NONE;
        kept_cheap += entry_queue(cheap[i]) != EVICT_NONE;
    }
    cr_assert_eq(kept_dear, DEAR);
    cr_assert_eq(kept_cheap, 0);
    for (int i = 0; i < 2000; i++) {
        if (entry_queue(all[i]) != EVICT_NONE)
            evict_remove(&evictor, all[i]);
        entry_free(all[i]);
    }
}

/* Where all cost about the same, a difference of half does not count. */
Test(evict, costs_that_differ_little_change_nothing)
{
    evict_bounds(&evictor, UINT64_MAX, 100);
    for (uint64_t i = 0; i < 1000; i++) {
        struct entry *e = entry_with(i, chance(&(uint64_t){i + 1}), 10);
        entry_set_cost(e, i % 2 ? 1000 : 1500);
        evict_add(&evictor, e);
        shrink(UINT64_MAX, 100);
    }
    cr_assert_eq(evictor.small.entries, evictor.entries, "nobody was asked for again: nobody is promoted");
}

/* What comes back from the small queue makes it longer, what comes back from the main one shorter. */
Test(evict, ghosts_move_the_share_of_the_small_queue)
{
    evict_bounds(&evictor, UINT64_MAX, 100);
    for (uint64_t i = 0; i < 150; i++) {
        add(i, 10);
        shrink(UINT64_MAX, 100);
    }
    double before = evictor.share;
    add(10, 10);
    cr_assert_gt(evictor.share, before, "it had left the small queue a moment ago");
    ghost_put(&evictor.ghost, chance(&(uint64_t){5001}), GHOST_MAIN, 100);
    before = evictor.share;
    cr_assert_geq(entry_queue(add(5000, 10)), EVICT_MAIN);
    cr_assert_lt(evictor.share, before);
}

Test(ghost, remembers_as_many_as_there_are_entries_and_forgets_what_it_gave)
{
    struct ghost ghost = {0};
    unsigned int known = 0;
    for (uint64_t i = 0; i < 4000; i++)
        ghost_put(&ghost, chance(&(uint64_t){i + 1}), GHOST_SMALL, 1000);
    cr_assert_leq(ghost.count[GHOST_SMALL], 1000);
    for (uint64_t i = 0; i < 3000; i++)
        known += ghost_take(&ghost, chance(&(uint64_t){i + 1})) != GHOST_NONE;
    cr_assert_lt(known, 150, "the oldest are forgotten, %u", known);
    for (uint64_t i = 3000; i < 4000; i++) {
        bool was = ghost_take(&ghost, chance(&(uint64_t){i + 1})) == GHOST_SMALL;
        known += was;
        cr_assert_eq(ghost_take(&ghost, chance(&(uint64_t){i + 1})), GHOST_NONE, "given once");
    }
    cr_assert_gt(known, 700);
    cr_assert_eq(ghost.count[GHOST_SMALL], 0);
    os_free(ghost.words);
}

Test(evict, as_many_are_amid_leaving_as_can_be_remembered)
{
    struct entry *out[EVICT_LEAVING];
    for (uint64_t i = 0; i < 2 * EVICT_LEAVING; i++)
        add(i, 10);
    evict_bounds(&evictor, UINT64_MAX, 0);
    for (int i = 0; i < EVICT_LEAVING; i++)
        cr_assert_not_null(out[i] = evict_pick(&evictor, anybody, NULL));
    cr_assert_null(evict_pick(&evictor, anybody, NULL));
    for (int i = 0; i < EVICT_LEAVING; i++) {
        evict_gone(&evictor, out[i]);
        entry_free(out[i]);
    }
}
