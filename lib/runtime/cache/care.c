#include "care.h"
#include "base/lock.h"

/*
 * Tables of lists, each with sixteen times as many as the one before, made when that one has a record a list:
 * a backend that is down leaves a record for every entry, and every hit looks for its own. They are never
 * given back, so that readers need not ask whether they are still there.
 */
enum { FIRST_BITS = 12, MORE_BITS = 4, TABLES = 3 };

static struct lock care_lock; /* for writers; readers follow the lists in a section of epoch.h */
static _Atomic(struct care *) first[1 << FIRST_BITS];
static _Atomic(_Atomic(struct care *) *) tables[TABLES] = {first};
static _Atomic unsigned last;  /* of them that there are */
static size_t records[TABLES]; /* care_lock */

static inline _Atomic(struct care *) *list_of(unsigned table, const struct entry *e)
{
    uint64_t mixed = ((uintptr_t)e >> 4) * UINT64_C(0x9E3779B97F4A7C15);
    return &atomic_load_explicit(&tables[table],
                                 memory_order_relaxed)[mixed >> (64 - FIRST_BITS - MORE_BITS * table)];
}

struct care *care_of(struct entry *e)
{
    if (!(entry_flags(e) & ENTRY_CARE))
        return NULL;
    for (unsigned table = atomic_load_explicit(&last, memory_order_acquire);; table--) {
        struct care *c = atomic_load_explicit(list_of(table, e), memory_order_acquire);
        while (c != NULL && c->entry != e)
            c = atomic_load_explicit(&c->next, memory_order_acquire);
        if (c != NULL || table == 0)
            return c;
    }
}

/* care_lock: the first table with room; without memory for another the one before takes more. */
static unsigned table_with_room(void)
{
    unsigned table = 0;
    while (table + 1 < TABLES && records[table] >> (FIRST_BITS + MORE_BITS * table) != 0) {
        size_t lists = (size_t)1 << (FIRST_BITS + MORE_BITS * ++table);
        if (table <= atomic_load(&last))
            continue;
        _Atomic(struct care *) *made = os_zalloc(lists * sizeof *made);
        if (made == NULL)
            return table - 1;
        atomic_store(&tables[table], made);
        atomic_store_explicit(&last, table, memory_order_release);
    }
    return table;
}

struct care *care_make(struct entry *e)
{
    struct care *c = care_of(e);
    if (c != NULL || (c = os_zalloc(sizeof *c)) == NULL)
        return c;
    c->entry = e;
    lock_take(&care_lock);
    unsigned table = table_with_room();
    _Atomic(struct care *) *list = list_of(table, e);
    records[table]++;
    atomic_store(&c->next, atomic_load(list));
    atomic_store_explicit(list, c, memory_order_release);
    lock_give(&care_lock);
    entry_flag(e, ENTRY_CARE);
    return c;
}

static void free_care(struct epoch_garbage *g)
{
    os_free((struct care *)g);
}

/* care_lock: takes the record of an entry out. */
static struct care *take_out(const struct entry *e)
{
    for (unsigned table = 0; table <= atomic_load(&last); table++) {
        _Atomic(struct care *) *at = list_of(table, e);
        struct care *c = atomic_load(at);
        for (; c != NULL && c->entry != e; c = atomic_load(at))
            at = &c->next;
        if (c != NULL) {
            /* Who stands at it still finds the way on. */
            atomic_store(at, atomic_load(&c->next));
            records[table]--;
            return c;
        }
    }
    return NULL;
}

void care_end(struct entry *e)
{
    if (!(entry_flags(e) & ENTRY_CARE))
        return;
    lock_take(&care_lock);
    struct care *c = take_out(e);
    lock_give(&care_lock);
    if (c != NULL)
        epoch_retire(&c->garbage, sizeof *c, free_care);
}

int care_errno(struct epoch_record *reader, struct entry *e)
{
    if (likely(!(entry_flags(e) & ENTRY_TROUBLE)))
        return 0;
    epoch_enter(reader);
    struct care *c = care_of(e);
    int error = c != NULL ? atomic_load_explicit(&c->refresh_errno, memory_order_relaxed) : 0;
    epoch_exit(reader);
    return error;
}

void care_fork_prepare(void)
{
    lock_take(&care_lock);
}

void care_fork_release(void)
{
    lock_give(&care_lock);
}
