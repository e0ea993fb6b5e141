#include "care.h"

#include "base/lock.h"

enum { CARE_LISTS = 4096 };

static struct lock care_lock; /* for writers; readers follow the lists in a section of epoch.h */
static _Atomic(struct care *) lists[CARE_LISTS];

static _Atomic(struct care *) *list_of(const struct entry *e)
{
    return &lists[((uintptr_t)e >> 4) * UINT64_C(0x9E3779B97F4A7C15) >> 52];
}

struct care *care_of(struct entry *e)
{
    if (!(entry_flags(e) & ENTRY_CARE))
        return NULL;
    struct care *c = atomic_load_explicit(list_of(e), memory_order_acquire);
    while (c != NULL && c->entry != e)
        c = atomic_load_explicit(&c->next, memory_order_acquire);
    return c;
}

struct care *care_make(struct entry *e)
{
    struct care *c = care_of(e);
    if (c != NULL || (c = os_zalloc(sizeof *c)) == NULL)
        return c;
    _Atomic(struct care *) *list = list_of(e);
    c->entry = e;
    lock_take(&care_lock);
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

void care_end(struct entry *e)
{
    if (!(entry_flags(e) & ENTRY_CARE))
        return;
    lock_take(&care_lock);
    _Atomic(struct care *) *at = list_of(e);
    struct care *c = atomic_load(at);
    for (; c != NULL && c->entry != e; c = atomic_load(at))
        at = &c->next;
    /* Who stands at it still finds the way on. */
    if (c != NULL)
        atomic_store(at, atomic_load(&c->next));
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
