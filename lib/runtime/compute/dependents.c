#include "dependents.h"
#include "runtime/cache/age.h"
#include "runtime/cache/audit.h"
#include "runtime/cache/settle.h"
#include "runtime/registry/played.h"
#include "runtime/registry/thread.h"
#include "core/fence.h"
#include "base/clock.h"
#include "base/sync.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static void gather(struct ripple *r, uint64_t id)
{
    if (r->count == r->room) {
        size_t room = r->room == 0 ? 16 : r->room * 2;
        uint64_t *ids = os_alloc(room * sizeof *ids);
        if (ids == NULL) {
            r->lost = true;
            return;
        }
        if (r->count != 0)
            memcpy(ids, r->ids, r->count * sizeof *ids);
        os_free(r->ids);
        r->ids = ids;
        r->room = room;
    }
    r->ids[r->count++] = id;
}

/* Those that any key of it counts for. Once begun it may have come too early for what is done only now. */
static void gather_any(struct ripple *r, const struct function *f)
{
    uint64_t id = mark_any(f->number).id;
    if (r->any[f->number % RIPPLE_FUNCTIONS].id == id && r->any[f->number % RIPPLE_FUNCTIONS].at >= r->begun)
        return;
    r->any[f->number % RIPPLE_FUNCTIONS].id = id;
    r->any[f->number % RIPPLE_FUNCTIONS].at = r->count;
    gather(r, id);
}

void ripple_key(struct ripple *r, struct function *f, uint64_t hash)
{
    if (!atomic_load(&f->inner))
        return;
    gather(r, mark_key(f->number, hash).id);
    gather_any(r, f);
}

void ripple_whole(struct ripple *r, struct function *f)
{
    if (!atomic_load(&f->inner))
        return;
    gather(r, mark_whole(f->number).id);
    gather_any(r, f);
}

void ripple_tag(struct ripple *r, const char *tag)
{
    gather(r, mark_tag(tag).id);
    r->direct = r->count;
}

static bool same_hash(const struct entry *e, uint64_t identity, const void *what)
{
    return entry_is_of(e, identity) && entry_hash((struct entry *)(uintptr_t)e) == *(const uint64_t *)what;
}

/* The keys of a function that somebody stands on, gathered under locks. */
struct stood_on {
    struct function *function;
    struct ripple keys; /* their hashes in the place of ids */
};

static void gather_names(struct stood_on *s, const struct mark_name *names, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (names[i].kind == MARK_KEY && names[i].function == s->function->number)
            gather(&s->keys, names[i].hash);
}

static void gather_entry(struct entry *e, uint64_t digest, void *cookie)
{
    struct mark_set *set = mark_set_of(e);
    (void)digest;
    for (uint32_t i = 0; i < set->count; i++)
        gather_names(cookie, &set->links[i].name, 1);
    cache_unref(e);
}

static void gather_flight(struct flight *fl, void *cookie)
{
    lock_take(flight_names_lock(fl));
    gather_names(cookie, fl->names, fl->nnames);
    lock_give(flight_names_lock(fl));
}

/* False: such a key is there, and is not meant. */
static bool may_be_meant(struct function *f, uint64_t hash, cache_match *match, void *cookie)
{
    uint32_t shard = table_shard_of(hash);
    table_lock(&cache_table, shard);
    struct entry *e = table_find_by(&cache_table, atomic_load(&f->identity), hash, same_hash, &hash);
    bool meant = e == NULL;
    if (e != NULL && match != NULL) {
        struct key key = entry_key(e);
        meant = match(f, &key, cookie);
    }
    table_unlock(&cache_table, shard);
    return meant;
}

void ripple_match(struct ripple *r, struct function *f, cache_match *match, void *cookie)
{
    struct stood_on s = {.function = f};
    if (!atomic_load(&f->inner))
        return;
    /* Computations first: one that ends meanwhile has its entry found. */
    if (atomic_load(&flights_named) != 0)
        flight_each(gather_flight, &s);
    mark_walk(mark_whole(f->number).id, gather_entry, &s);
    for (size_t i = 0; i < s.keys.count; i++)
        if (may_be_meant(f, s.keys.ids[i], match, cookie))
            ripple_key(r, f, s.keys.ids[i]);
    gather_any(r, f);
    r->lost |= s.keys.lost;
    os_free(s.keys.ids);
}

struct spread {
    struct ripple *ripple;
    size_t reached;
    uint64_t digest; /* not those that saw this value; 0: all */
};

static void touch_entry(struct entry *e, uint64_t digest, void *cookie)
{
    struct spread *reach = cookie;
    struct function *f = function_of_entry(e);
    uint32_t shard = table_shard_of(entry_hash(e));
    table_lock(&cache_table, shard);
    if (!table_holds(&cache_table, e)) {
        /* Just replaced or evicted: who has seen its value is to be found all the same. */
        ripple_key(reach->ripple, f, entry_hash(e));
    } else if (reach->digest == 0 || reach->digest != digest) {
        uint64_t now = clock_now();
        flight_disturb(f, entry_hash(e));
        bool live = age_state(f, e, now) != ENTRY_DEAD && entry_is_of(e, atomic_load(&f->identity));
        bool done = reach->ripple->operation == SWRCACHE_OP_INVALIDATE ? cache_drop_noted(f, e)
                                                                       : cache_expire_entry(f, e, now);
        if (done)
            ripple_key(reach->ripple, f, entry_hash(e));
        reach->reached += live;
    }
    table_unlock(&cache_table, shard);
    cache_unref(e);
    epoch_tidy();
    cache_pause();
}

static void fence_flight(struct flight *fl, void *cookie)
{
    struct ripple *ripple = cookie;
    if (fl->fenced)
        return;
    lock_take(flight_names_lock(fl));
    dependencies_outdate(fl, fl->names, fl->nnames);
    lock_give(flight_names_lock(fl));
    /* Its function's tags are its own from the beginning, though written down at its end only. */
    dependencies_outdate(fl, fl->function->tags, fl->function->ntags);
    if (fl->outdated == 0)
        return;
    flight_fence(fl);
    if (!fl->beside)
        ripple_key(ripple, fl->function, fl->key.hash);
}

static void touch_marked(struct function *f, struct entry *e, void *cookie)
{
    struct spread *reach = cookie;
    if (mark_set_of(e) == NULL)
        return;
    flight_disturb(f, entry_hash(e));
    if (reach->ripple->operation == SWRCACHE_OP_INVALIDATE)
        cache_drop_noted(f, e);
    else
        cache_expire_entry(f, e, clock_now());
    reach->reached++;
}

static void spread_marked(uint64_t id, struct spread *reach)
{
    int who;
    bool gone = reach->ripple->operation == SWRCACHE_OP_INVALIDATE;
    played_mark_taken(id, gone ? OBSERVED_GONE : OBSERVED_OLD);
    if (reach->ripple->operation == SWRCACHE_OP_INVALIDATE) {
        atomic_store(dependencies_fence_act(id), audit_current(&who));
        fence_raise(id);
    } else
        fence_changed(id, 0);
    mark_walk(id, touch_entry, reach);
}

size_t ripple_run(struct ripple *r)
{
    struct spread reach = {.ripple = r};
    bool invalidate = r->operation == SWRCACHE_OP_INVALIDATE;
    size_t counted = 0;
    SYNC_POINT("ripple.between");
    for (size_t at = 0; at < r->count;) {
        for (; at < r->count; at++) {
            r->begun = at + 1;
            spread_marked(r->ids[at], &reach);
            if (at < r->direct)
                counted = reach.reached;
            /*
             * A computation that began after the fence may yet have seen an entry that the walk took out only
             * then: it is fenced by a second one, or its result found by a second walk.
             */
            spread_marked(r->ids[at], &reach);
        }
        if (invalidate && (atomic_load(&flights_named) != 0 || r->direct != 0))
            flight_each(fence_flight, r);
    }
    if (r->lost)
        cache_each(touch_marked, &reach);
    os_free(r->ids);
    *r = (struct ripple){.operation = r->operation};
    epoch_tidy();
    settle_ask();
    return counted;
}

void dependents_stored(struct function *f, struct entry *e, bool replaced)
{
    audit_because(f->number + 1, entry_hash(e));
    struct ripple r = {.operation = SWRCACHE_OP_EXPIRE};
    struct spread reach = {.ripple = &r, .digest = dependencies_digest(e)};
    uint64_t id = mark_key(f->number, entry_hash(e)).id;
    if (replaced) {
        played_mark_taken(id, OBSERVED_OLD);
        fence_changed(id, reach.digest);
        reach.digest = 0;
        mark_walk(mark_any(f->number).id, touch_entry, &reach);
        reach.digest = dependencies_digest(e);
    }
    mark_walk(id, touch_entry, &reach);
    ripple_run(&r);
    audit_because(0, 0);
    /* None is left of what was counted in the parent, where the child has told in its place. */
    uint32_t telling = atomic_load(&f->telling);
    while (telling != 0 && !atomic_compare_exchange_weak(&f->telling, &telling, telling - 1))
        continue;
}

bool dependents_about_to(struct function *f)
{
    if (!atomic_load(&f->inner))
        return false;
    atomic_fetch_add(&f->telling, 1);
    return true;
}

/* Of which keys is not known: whoever stands on any of the function's. */
void dependents_tell_left(void)
{
    struct function *f;
    for (uint32_t at = 0; (f = function_next(&at)) != NULL; function_release(f)) {
        if (atomic_exchange(&f->telling, 0) == 0)
            continue;
        struct ripple r = {.operation = SWRCACHE_OP_EXPIRE};
        ripple_whole(&r, f);
        ripple_run(&r);
    }
}
