#include "refresh_record.h"
#include "base/lock.h"

/*
 * Tables of lists, each with sixteen times as many as the one before, made when that one has a record a list:
 * a backend that is down leaves a record for every entry, and every hit looks for its own. They are never
 * given back, so that readers need not ask whether they are still there.
 */
enum { FIRST_BITS = 12, MORE_BITS = 4, TABLES = 3 };

LOCK(refresh_records); /* for writers; readers follow the lists in a section of epoch.h */
static _Atomic(struct refresh_record *) first[1 << FIRST_BITS];
static _Atomic(_Atomic(struct refresh_record *) *) tables[TABLES] = {first};
static _Atomic unsigned last;  /* of them that there are */
static size_t records[TABLES]; /* refresh_records_lock */

static inline _Atomic(struct refresh_record *) *list_of(unsigned table, const struct entry *e)
{
    uint64_t mixed = ((uintptr_t)e >> 4) * UINT64_C(0x9E3779B97F4A7C15);
    return &atomic_load_explicit(&tables[table],
                                 memory_order_relaxed)[mixed >> (64 - FIRST_BITS - MORE_BITS * table)];
}

struct refresh_record *refresh_record_of(struct entry *e)
{
    if (!(entry_flags(e) & ENTRY_RECORDED))
        return NULL;
    for (unsigned table = atomic_load_explicit(&last, memory_order_acquire);; table--) {
        struct refresh_record *c = atomic_load_explicit(list_of(table, e), memory_order_acquire);
        while (c != NULL && c->entry != e)
            c = atomic_load_explicit(&c->next, memory_order_acquire);
        if (c != NULL || table == 0)
            return c;
    }
}

/* refresh_records_lock: the first table with room; without memory for another the one before takes more. */
static unsigned table_with_room(void)
{
    unsigned table = 0;
    while (table + 1 < TABLES && records[table] >> (FIRST_BITS + MORE_BITS * table) != 0) {
        size_t lists = (size_t)1 << (FIRST_BITS + MORE_BITS * ++table);
        if (table <= atomic_load(&last))
            continue;
        _Atomic(struct refresh_record *) *made = os_zalloc(lists * sizeof *made);
        if (made == NULL)
            return table - 1;
        atomic_store(&tables[table], made);
        atomic_store_explicit(&last, table, memory_order_release);
    }
    return table;
}

struct refresh_record *refresh_record_make(struct entry *e)
{
    struct refresh_record *c = refresh_record_of(e);
    if (c != NULL || (c = os_zalloc(sizeof *c)) == NULL)
        return c;
    c->entry = e;
    lock_take(&refresh_records_lock);
    unsigned table = table_with_room();
    _Atomic(struct refresh_record *) *list = list_of(table, e);
    records[table]++;
    atomic_store(&c->next, atomic_load(list));
    atomic_store_explicit(list, c, memory_order_release);
    lock_give(&refresh_records_lock);
    entry_flag(e, ENTRY_RECORDED);
    return c;
}

static void free_record(struct epoch_garbage *g)
{
    os_free((struct refresh_record *)g);
}

/* refresh_records_lock: takes the record of an entry out. */
static struct refresh_record *take_out(const struct entry *e)
{
    for (unsigned table = 0; table <= atomic_load(&last); table++) {
        _Atomic(struct refresh_record *) *at = list_of(table, e);
        struct refresh_record *c = atomic_load(at);
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

void refresh_record_end(struct entry *e)
{
    if (!(entry_flags(e) & ENTRY_RECORDED))
        return;
    lock_take(&refresh_records_lock);
    struct refresh_record *c = take_out(e);
    lock_give(&refresh_records_lock);
    if (c != NULL)
        epoch_retire(&c->garbage, sizeof *c, free_record);
}

int refresh_record_errno(struct epoch_record *reader, struct entry *e)
{
    if (likely(!(entry_flags(e) & ENTRY_TROUBLE)))
        return 0;
    epoch_enter(reader);
    int error = refresh_record_seen_errno(e);
    epoch_exit(reader);
    return error;
}
