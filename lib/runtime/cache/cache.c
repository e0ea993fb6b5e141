#include "cache.h"
#include "age.h"
#include "history.h"
#include "lease.h"
#include "master.h"
#include "refresh_record.h"
#include "runtime/registry/door.h"
#include "runtime/pool/pool.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/sync.h"

#include <string.h>

/* A caller that stores makes room, but not for what all the others have put in since a bound was lowered. */
enum { TRIMMED_AT_ONCE = 256 };

struct table cache_table;
struct evict cache_bounds = {.max_bytes = UINT64_MAX, .max_entries = UINT64_MAX};

void shard_locks(lock_visit *visit)
{
    for (uint32_t s = 0; s < TABLE_SHARDS; s++)
        visit(&cache_table.shards[s].lock);
}

/* Called while nobody can learn of a function, or give one bounds of its own. */
void evictor_locks(lock_visit *visit)
{
    visit(&cache_bounds.lock);
    for (uint32_t i = 0; i < function_count(); i++)
        if (function_at(i) != NULL && function_at(i)->bounds != &cache_bounds)
            visit(&function_at(i)->bounds->lock);
}

__thread void (*cache_meanwhile)(void);

_Atomic uint64_t cache_owed;

void cache_owe(const struct function *f, size_t bytes)
{
    /* A master may be of any size. */
    atomic_fetch_add_explicit(&cache_owed, function_holds_object(f) ? SETTLE_FROM : bytes,
                              memory_order_relaxed);
}

uint64_t cache_hash(struct entry *e)
{
    return key_hash(&function_of_entry(e)->shape, e->data, entry_key_len(e));
}

void cache_ref(struct entry *e)
{
    atomic_fetch_add_explicit(&e->refs, 1, memory_order_relaxed);
}

static __thread uint32_t kept_objects __attribute__((tls_model("initial-exec")));

void cache_keep_objects(void)
{
    kept_objects++;
}

void cache_free_objects(void)
{
    kept_objects--;
}

static void after_grace(struct epoch_garbage *g);

void cache_keep_marks(struct entry *e)
{
    struct mark_set *set = mark_set_of(e);
    for (uint32_t i = 0; set != NULL && i < set->count; i++)
        function_hold_named(&set->links[i].name);
}

static void destroy(struct entry *e)
{
    struct function *f = function_of_entry(e);
    if (function_holds_object(f) && entry_object(e) != NULL && kept_objects != 0) {
        atomic_store(&e->refs, 1); /* at another collection */
        epoch_retire(&e->garbage, entry_bytes(e), after_grace);
        return;
    }
    master_end(e);
}

void cache_unref(struct entry *e)
{
    /* Taken before it is the last: who is left in between could give it back no more. */
    struct thread *t = thread_current;
    bool held = atomic_load_explicit(&e->refs, memory_order_relaxed) == 1 && t != NULL && door_hold(t);
    if (atomic_fetch_sub_explicit(&e->refs, 1, memory_order_acq_rel) == 1) {
        held |= t != NULL && door_hold(t);
        destroy(e);
    }
    if (held)
        door_let(t);
}

static void after_grace(struct epoch_garbage *g)
{
    cache_unref((struct entry *)((char *)g - offsetof(struct entry, garbage)));
}

static void gone(struct function *f, struct entry *e)
{
    mark_unlink(e);
    atomic_fetch_sub(&f->entries, 1);
    atomic_fetch_sub(&f->bytes, entry_bytes(e));
    /* After `entries`: what is counted as live is never too much. */
    uint64_t doomed = atomic_load(&f->doomed);
    if (unlikely(doomed != 0) && !entry_is_of(e, atomic_load(&f->identity)))
        while (doomed != 0 && !atomic_compare_exchange_weak(&f->doomed, &doomed, doomed - 1))
            continue;
    epoch_retire(&e->garbage, entry_bytes(e), after_grace);
}

bool cache_fits(struct function *f, const struct entry *e)
{
    size_t bytes = entry_bytes(e);
    return bytes <= f->bounds->max_bytes && bytes <= cache_bounds.max_bytes && f->bounds->max_entries != 0;
}

bool cache_store(struct function *f, struct entry *old, struct entry *e)
{
    cache_ref(e);
    if (old != NULL && table_replace(&cache_table, old, e)) {
        evict_replace(f->bounds, old, e);
        atomic_fetch_add(&f->entries, 1);
        atomic_fetch_add(&f->bytes, entry_bytes(e));
        gone(f, old);
        return true;
    }
    if (!table_insert(&cache_table, e)) {
        cache_unref(e);
        return false;
    }
    atomic_fetch_add(&f->entries, 1);
    atomic_fetch_add(&f->bytes, entry_bytes(e));
    evict_add(f->bounds, e);
    return true;
}

void cache_drop(struct function *f, struct entry *e)
{
    if (!table_remove(&cache_table, e))
        return;
    evict_remove(f->bounds, e);
    gone(f, e);
}

static bool not_leased(struct entry *e)
{
    return !lease_held(lease_word(e), clock_coarse());
}

static void note(struct entry *e, enum history_what what)
{
    struct key key = entry_key(e);
    history_note(function_identity_of(e), &key, what, 0);
}

/* The shard's lock held. */
static void evict(struct function *f, struct entry *e, struct evict_bound bound)
{
    struct key key = entry_key(e);
    history_note_evicted(function_identity_of(e), &key, f->bounds == &cache_bounds, bound);
    if (thread_current != NULL)
        thread_count(thread_current, f, COUNTER_evictions);
    else
        atomic_fetch_add(&f->counts[COUNTER_evictions], 1);
    cache_drop(f, e);
}

/* Out of the table with what evict_pick() gave. */
static void let_go(struct evict *bounds, struct entry *e, struct evict_bound bound)
{
    uint32_t shard = table_shard_of(entry_hash(e));
    table_lock(&cache_table, shard);
    if (table_holds(&cache_table, e)) {
        evict(function_of_entry(e), e, bound);
        table_tidy(&cache_table, shard);
    }
    evict_gone(bounds, e);
    table_unlock(&cache_table, shard);
}

/* True: a bound may still be exceeded. */
static bool trim(struct evict *bounds)
{
    struct entry *e;
    struct evict_bound bound;
    for (int gone = 0; gone < TRIMMED_AT_ONCE; gone++) {
        e = evict_pick(bounds, not_leased, &bound);
        if (e == NULL)
            return false;
        SYNC_POINT("evict.picked");
        let_go(bounds, e, bound);
        cache_unref(e);
    }
    return true;
}

/* What a thread that is not here has picked is in no queue, and would never go. The reference stays its. */
static void end_picked(struct evict *bounds)
{
    for (unsigned i = 0; i < EVICT_LEAVING; i++)
        if (bounds->leaving[i] != NULL)
            let_go(bounds, bounds->leaving[i], (struct evict_bound){false, bounds->max_entries});
}

void cache_fork_child(void)
{
    end_picked(&cache_bounds);
    for (uint32_t i = 0; i < function_count(); i++)
        if (function_at(i) != NULL && function_at(i)->bounds != &cache_bounds)
            end_picked(function_at(i)->bounds);
}

void cache_trim(struct function *f)
{
    if (f->bounds != &cache_bounds)
        trim(f->bounds);
    trim(&cache_bounds);
    epoch_tidy();
    if (alloc_wants())
        pool_chore();
}

void cache_trim_whole(struct function *f)
{
    while (trim(f->bounds)) {
        epoch_tidy();
        cache_pause();
    }
    cache_trim(f);
    cache_owe(f, SETTLE_FROM);
}

bool cache_drop_noted(struct function *f, struct entry *e)
{
    if (!table_holds(&cache_table, e))
        return false;
    note(e, HISTORY_INVALIDATED);
    cache_owe(f, entry_bytes(e));
    cache_drop(f, e);
    return true;
}

bool cache_expire_entry(struct function *f, struct entry *e, uint64_t now)
{
    bool fresh = age_state(f, e, now) == ENTRY_FRESH;
    if (fresh) {
        lease_expire(e, now);
        entry_flag(e, ENTRY_EXPIRED);
        note(e, HISTORY_EXPIRED);
    }
    /* A back-off ends: whoever expires says that the world has changed. A lease stays with its owner. */
    lease_hasten(e);
    return fresh;
}

struct showing {
    void (*visit)(struct function *f, struct entry *e, void *cookie);
    void *cookie;
};

static void show(struct entry *e, void *cookie)
{
    struct showing *s = cookie;
    s->visit(function_of_entry(e), e, s->cookie);
}

void cache_each(void (*visit)(struct function *f, struct entry *e, void *cookie), void *cookie)
{
    struct showing s = {visit, cookie};
    for (uint32_t shard = 0; shard < TABLE_SHARDS; shard++) {
        struct table_walk place = {.thorough = true};
        for (bool more = true; more;) {
            table_lock(&cache_table, shard);
            more = table_each_some(&cache_table, shard, &place, show, &s);
            table_unlock(&cache_table, shard);
            cache_pause();
        }
    }
}

void cache_tidy(uint32_t shard)
{
    for (bool more = true; more;) {
        table_lock(&cache_table, shard);
        more = table_tidy(&cache_table, shard);
        table_unlock(&cache_table, shard);
    }
}

uint64_t cache_bytes(void)
{
    uint64_t n = 0;
    struct function *f;
    for (uint32_t at = 0; (f = function_next(&at)) != NULL; function_release(f))
        n += atomic_load(&f->bytes);
    return n;
}

uint64_t cache_entries(void)
{
    uint64_t n = 0;
    struct function *f;
    for (uint32_t at = 0; (f = function_next(&at)) != NULL; function_release(f))
        n += function_live(f);
    return n;
}

uint64_t cache_held(void)
{
    return table_entries(&cache_table);
}
