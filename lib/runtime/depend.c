#include "depend.h"
#include "age.h"
#include "audit.h"
#include "history.h"
#include "thread.h"
#include "base/clock.h"
#include "base/sync.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* How many flights have names: without any, verbs look at none. */
static _Atomic uint32_t named;

uint64_t depend_digest(struct entry *e)
{
    uint64_t d = XXH3_64bits(entry_value(e), entry_value_len(e));
    return d + (d == 0) + (entry_flags(e) & (ENTRY_NULL | ENTRY_FAILED));
}

/* The flight's names_lock held. */
static void drop_keys_of(struct flight *fl, uint32_t function)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < fl->nnames; i++)
        if (fl->names[i].kind != MARK_KEY || fl->names[i].function != function)
            fl->names[kept++] = fl->names[i];
    fl->nkeys -= fl->nnames - kept;
    fl->nnames = kept;
}

/* The flight's names_lock held. A name that cannot be kept makes the result one that is not stored. */
static void add(struct flight *fl, const struct mark_name *name)
{
    for (uint32_t i = 0; i < fl->nnames; i++)
        if (fl->names[i].id == name->id) {
            if (name->digest != 0)
                fl->names[i].digest = name->digest;
            return;
        }
    if (name->kind == MARK_KEY) {
        struct mark_name any = mark_any(name->function);
        for (uint32_t i = 0; i < fl->nnames; i++)
            if (fl->names[i].id == any.id)
                return;
        if (fl->nkeys == FLIGHT_KEYS) {
            drop_keys_of(fl, name->function);
            add(fl, &any);
            return;
        }
    }
    if (fl->nnames == fl->names_room) {
        uint32_t room = fl->names_room == 0 ? 8 : fl->names_room * 2;
        struct mark_name *names = room > FLIGHT_NAMES ? NULL : os_alloc(room * sizeof *names);
        if (names == NULL) {
            fl->unnamed = true;
            return;
        }
        if (fl->nnames != 0)
            memcpy(names, fl->names, fl->nnames * sizeof *names);
        else
            atomic_fetch_add(&named, 1);
        os_free(fl->names);
        fl->names = names;
        fl->names_room = room;
    }
    struct mark_name *slot = &fl->names[fl->nnames];
    *slot = *name;
    if (name->text != NULL) {
        size_t len = strlen(name->text) + 1;
        char *text = os_alloc(len);
        if (text == NULL) {
            fl->unnamed = true;
            return;
        }
        slot->text = memcpy(text, name->text, len);
    }
    fl->nnames++;
    fl->nkeys += name->kind == MARK_KEY;
}

void flight_free_names(struct flight *fl)
{
    if (fl->names == NULL)
        return;
    for (uint32_t i = 0; i < fl->nnames; i++)
        os_free((void *)(uintptr_t)fl->names[i].text);
    os_free(fl->names);
    fl->names = NULL;
    atomic_fetch_sub(&named, 1);
}

static void add_locked(struct flight *fl, const struct mark_name *name)
{
    lock_take(&fl->names_lock);
    add(fl, name);
    lock_give(&fl->names_lock);
}

void depend_tag(struct flight *fl, const char *tag)
{
    struct mark_name name = mark_tag(tag);
    add_locked(fl, &name);
}

static bool binds(const struct flight *fl)
{
    return fl->function->annotated.dependencies != SWR_DEPENDENCIES_OFF;
}

void depend_call(struct flight *fl, struct function *f, const struct key *key)
{
    if (!binds(fl) || (f == fl->function && key->hash == fl->key.hash))
        return;
    /* Before the look-up: whoever drops what that finds sees that somebody may stand on it. */
    if (!atomic_load(&f->inner))
        atomic_store(&f->inner, true);
    struct mark_name of_key = mark_key(f->number, key->hash), whole = mark_whole(f->number);
    lock_take(&fl->names_lock);
    SYNC_POINT("names.locked");
    add(fl, &of_key);
    add(fl, &whole);
    /* Also when the call is answered by the function itself, past the cache. */
    for (uint32_t i = 0; i < f->ntags; i++)
        add(fl, &f->tags[i]);
    lock_give(&fl->names_lock);
}

void depend_saw(struct flight *fl, struct function *f, struct entry *e)
{
    if (!binds(fl) || (f == fl->function && entry_hash(e) == fl->key.hash))
        return;
    struct mark_name of_key = mark_key(f->number, entry_hash(e));
    uint64_t until = entry_fresh_until(e);
    of_key.digest = depend_digest(e);
    lock_take(&fl->names_lock);
    add(fl, &of_key);
    if (until < fl->fresh_cap)
        fl->fresh_cap = until;
    struct mark_set *set = mark_set_of(e);
    for (uint32_t i = 0; set != NULL && i < set->count; i++)
        add(fl, &set->links[i].name);
    lock_give(&fl->names_lock);
}

void depend_took(struct flight *fl, struct flight *inner)
{
    if (!binds(fl))
        return;
    lock_take(&fl->names_lock);
    /* Nobody writes the inner one's names any more but a thread that was handed its context too late. */
    lock_take(&inner->names_lock);
    for (uint32_t i = 0; i < inner->nnames; i++)
        add(fl, &inner->names[i]);
    if (inner->fresh_cap < fl->fresh_cap)
        fl->fresh_cap = inner->fresh_cap;
    fl->unnamed |= inner->unnamed;
    lock_give(&inner->names_lock);
    lock_give(&fl->names_lock);
}

struct mark_name *depend_names(struct function *f, struct flight *fl, uint32_t *count)
{
    *count = 0;
    lock_take(&fl->names_lock);
    for (uint32_t i = 0; i < f->ntags; i++)
        add(fl, &f->tags[i]);
    struct mark_name *names = fl->nnames == 0 ? NULL : os_alloc(fl->nnames * sizeof *names);
    if (names != NULL) {
        memcpy(names, fl->names, fl->nnames * sizeof *names);
        *count = fl->nnames;
    } else if (fl->nnames != 0) {
        fl->unnamed = true;
    }
    lock_give(&fl->names_lock);
    return names;
}

void depend_free_names(struct mark_name *names)
{
    os_free(names); /* the texts are the flight's */
}

/* Whose doing the fences of marks were, about: marks share places as they do in core/mark.c. */
enum { FENCE_ACTS = 1024 };
static _Atomic uint64_t fence_acts[FENCE_ACTS];

static _Atomic uint64_t *fence_act(uint64_t id)
{
    return &fence_acts[id % FENCE_ACTS];
}

/* Was one of them invalidated since it began? */
static void outdate(struct flight *fl, const struct mark_name *names, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint64_t fenced = mark_fenced(names[i].id, fl->began);
        if (fenced > fl->outdated)
            fl->outdated = fenced;
    }
}

void depend_check(struct flight *fl, const struct mark_name *names, uint32_t count)
{
    outdate(fl, names, count);
    for (uint32_t i = 0; i < count; i++)
        if (mark_differs(names[i].id, names[i].digest, fl->began))
            fl->expired = true;
    if (fl->outdated == 0 || fl->fenced)
        return;
    fl->fenced = true;
    uint64_t act = 0;
    for (uint32_t i = 0; i < count && act == 0; i++)
        if (mark_fenced(names[i].id, fl->began) != 0)
            act = atomic_load(fence_act(names[i].id));
    audit_resume(act);
    history_note(fl->identity, &fl->key, HISTORY_FENCED, 0);
    audit_resume(0);
}

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

void ripple_key(struct ripple *r, struct function *f, uint64_t hash)
{
    if (!atomic_load(&f->inner))
        return;
    gather(r, mark_key(f->number, hash).id);
    uint64_t any = mark_any(f->number).id;
    if (r->count < 2 || r->ids[r->count - 2] != any)
        gather(r, any);
}

void ripple_whole(struct ripple *r, struct function *f)
{
    if (!atomic_load(&f->inner))
        return;
    gather(r, mark_whole(f->number).id);
    gather(r, mark_any(f->number).id);
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
    lock_take(&fl->names_lock);
    gather_names(cookie, fl->names, fl->nnames);
    lock_give(&fl->names_lock);
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
    if (atomic_load(&named) != 0)
        flight_each(gather_flight, &s);
    mark_walk(mark_whole(f->number).id, gather_entry, &s);
    for (size_t i = 0; i < s.keys.count; i++)
        if (may_be_meant(f, s.keys.ids[i], match, cookie))
            ripple_key(r, f, s.keys.ids[i]);
    gather(r, mark_any(f->number).id);
    r->lost |= s.keys.lost;
    os_free(s.keys.ids);
}

struct reach {
    struct ripple *ripple;
    size_t reached;
    uint64_t digest; /* not those that saw this value; 0: all */
};

static void touch_entry(struct entry *e, uint64_t digest, void *cookie)
{
    struct reach *reach = cookie;
    struct function *f = function_of_entry(e);
    uint32_t shard = table_shard_of(entry_hash(e));
    table_lock(&cache_table, shard);
    if (!table_holds(&cache_table, e)) {
        /* Just replaced or evicted: who has seen its value is to be found all the same. */
        ripple_key(reach->ripple, f, entry_hash(e));
    } else if (reach->digest == 0 || reach->digest != digest) {
        bool live = age_state(f, e, clock_now()) != ENTRY_DEAD && entry_is_of(e, atomic_load(&f->identity));
        bool done = reach->ripple->operation == SWRCACHE_OP_INVALIDATE ? cache_drop_noted(f, e)
                                                                       : cache_expire_entry(f, e);
        if (done)
            ripple_key(reach->ripple, f, entry_hash(e));
        reach->reached += live;
    }
    table_unlock(&cache_table, shard);
    cache_unref(e);
}

static void fence_flight(struct flight *fl, void *cookie)
{
    struct ripple *ripple = cookie;
    if (fl->fenced)
        return;
    lock_take(&fl->names_lock);
    outdate(fl, fl->names, fl->nnames);
    lock_give(&fl->names_lock);
    /* Its function's tags are its own from the beginning, though written down at its end only. */
    outdate(fl, fl->function->tags, fl->function->ntags);
    if (fl->outdated == 0)
        return;
    fl->fenced = true;
    history_note(fl->identity, &fl->key, HISTORY_FENCED, 0);
    ripple_key(ripple, fl->function, fl->key.hash);
}

static void touch_marked(struct function *f, struct entry *e, void *cookie)
{
    struct reach *reach = cookie;
    if (mark_set_of(e) == NULL)
        return;
    if (reach->ripple->operation == SWRCACHE_OP_INVALIDATE)
        cache_drop_noted(f, e);
    else
        cache_expire_entry(f, e);
    reach->reached++;
}

static void reach_marked(uint64_t id, struct reach *reach)
{
    int who;
    if (reach->ripple->operation == SWRCACHE_OP_INVALIDATE) {
        atomic_store(fence_act(id), audit_current(&who));
        mark_fence(id);
    } else
        mark_changed(id, 0);
    mark_walk(id, touch_entry, reach);
}

size_t ripple_run(struct ripple *r)
{
    struct reach reach = {.ripple = r};
    bool invalidate = r->operation == SWRCACHE_OP_INVALIDATE;
    size_t counted = 0;
    for (size_t at = 0; at < r->count;) {
        for (; at < r->count; at++) {
            reach_marked(r->ids[at], &reach);
            if (at < r->direct)
                counted = reach.reached;
            /*
             * A computation that began after the fence may yet have seen an entry that the walk took out only
             * then: it is fenced by a second one, or its result found by a second walk.
             */
            reach_marked(r->ids[at], &reach);
        }
        if (invalidate && (atomic_load(&named) != 0 || r->direct != 0))
            flight_each(fence_flight, r);
    }
    if (r->lost)
        cache_each(touch_marked, &reach);
    os_free(r->ids);
    *r = (struct ripple){.operation = r->operation};
    return counted;
}

void depend_stored(struct function *f, struct entry *e, bool replaced)
{
    audit_because(f->number + 1, entry_hash(e));
    struct ripple r = {.operation = SWRCACHE_OP_EXPIRE};
    struct reach reach = {.ripple = &r, .digest = depend_digest(e)};
    uint64_t id = mark_key(f->number, entry_hash(e)).id;
    if (replaced) {
        mark_changed(id, reach.digest);
        reach.digest = 0;
        mark_walk(mark_any(f->number).id, touch_entry, &reach);
        reach.digest = depend_digest(e);
    }
    mark_walk(id, touch_entry, &reach);
    ripple_run(&r);
    audit_because(0, 0);
}
