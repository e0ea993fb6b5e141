#include "master.h"
#include "refresh_record.h"
#include "runtime/registry/door.h"
#include "runtime/registry/home.h"
#include "runtime/pool/pool.h"
#include "base/epoch.h"
#include "base/sync.h"

#include <sched.h>
#include <string.h>

/* So many wait before it is asked for again that a worker comes. */
enum { ASK_EVERY = 64 };

void (*master_release)(struct function *f, void *object);
static _Atomic uint32_t waiting; /* entries, of all functions */

static void end(struct function *f, struct entry *e)
{
    struct mark_set *set = mark_set_of(e);
    SYNC_POINT("evict.before_free");
    refresh_record_end(e);
    for (uint32_t i = 0; set != NULL && i < set->count; i++)
        function_release_named(&set->links[i].name);
    entry_free(e);
    function_release(f);
}

void *master_take(struct function *f, struct entry *e)
{
    void *object = entry_object(e), *none = NULL;
    if (object == NULL)
        return NULL;
    memcpy(entry_value(e) + entry_value_len(e) - sizeof none, &none, sizeof none);
    atomic_fetch_sub(&f->objects, 1);
    return object;
}

/* The code is there, or none of it is called. */
static void release(struct function *f, struct entry *e, bool there)
{
    void *object = master_take(f, e);
    if (object != NULL && there && !home_left_entry(f, e))
        master_release(f, object);
    end(f, e);
}

static void release_all(struct function *f, bool there)
{
    struct epoch_garbage *next, *g = atomic_exchange(&f->waiting, NULL);
    for (; g != NULL; g = next) {
        next = g->next;
        atomic_fetch_sub(&waiting, 1);
        release(f, (struct entry *)((char *)g - offsetof(struct entry, garbage)), there);
    }
}

bool master_end_all(struct function *f)
{
    release_all(f, true);
    return atomic_load(&f->objects) != 0;
}

static void put_off(struct function *f, struct entry *e)
{
    struct epoch_garbage *first = atomic_load(&f->waiting);
    do
        e->garbage.next = first;
    while (!atomic_compare_exchange_weak(&f->waiting, &first, &e->garbage));
    uint32_t before = atomic_fetch_add(&waiting, 1);
    bool alone = !pool_wanted();
    if (!alone && before % ASK_EVERY == 0)
        alone = !pool_chore() && before != 0;
    /* Not amid a body that this thread keeps the code of. */
    if (alone && !home_keeps())
        master_some();
}

void master_end(struct entry *e)
{
    struct function *f = function_of_entry(e);
    if (!function_holds_object(f))
        end(f, e);
    else if (entry_object(e) != NULL && atomic_load(&f->home) != NULL && !home_left_entry(f, e))
        put_off(f, e);
    else
        release(f, e, true);
}

bool master_wanted(void)
{
    return atomic_load(&waiting) != 0;
}

bool master_some(void)
{
    struct function *f;
    for (uint32_t at = 0; (f = function_next(&at)) != NULL; function_release(f)) {
        if (atomic_load(&f->waiting) == NULL)
            continue;
        bool kept = home_keep(f);
        if (kept || (home_left(f) && !home_leaving(f)))
            release_all(f, kept);
        else
            sched_yield(); /* who unloads it sees to that */
    }
    struct outside outside = door_out();
    home_let();
    door_in(&outside);
    return false;
}
