#include "dependencies.h"
#include "runtime/cache/age.h"
#include "runtime/cache/audit.h"
#include "runtime/registry/thread.h"
#include "core/fence.h"
#include "base/clock.h"
#include "base/stripe.h"
#include "base/sync.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t dependencies_digest(struct entry *e)
{
    uint64_t d = XXH3_64bits(entry_value(e), entry_value_len(e));
    return d + (d == 0) + (entry_flags(e) & (ENTRY_NULL | ENTRY_FAILED));
}

/* Each for many flights, none of which has to be found by a fork. */
static struct {
    alignas(64) struct lock lock;
} names_of[STRIPES];

struct lock *flight_names_lock(const struct flight *fl)
{
    return &names_of[(uintptr_t)fl / sizeof *fl % STRIPES].lock;
}

void names_locks(lock_visit *visit)
{
    for (unsigned i = 0; i < STRIPES; i++)
        visit(&names_of[i].lock);
}

/* The first reason stays. The flight's lock of names held, as for all of these. */
static void unname(struct flight *fl, enum flight_unnamed why)
{
    if (fl->unnamed == NAMED)
        fl->unnamed = why;
}

/* The place in names_found of a name, or of none: there it would stand. */
static uint16_t *place_of(const struct flight *fl, uint64_t id)
{
    uint32_t at = (uint32_t)id;
    while (fl->names_found[at %= 2 * fl->names_room] != 0 && fl->names[fl->names_found[at] - 1].id != id)
        at++;
    return &fl->names_found[at];
}

static struct mark_name *find(const struct flight *fl, uint64_t id)
{
    uint16_t number = fl->names_room != 0 ? *place_of(fl, id) : 0;
    return number != 0 ? &fl->names[number - 1] : NULL;
}

static void find_all_anew(struct flight *fl)
{
    memset(fl->names_found, 0, 2 * fl->names_room * sizeof *fl->names_found);
    for (uint32_t i = 0; i < fl->nnames; i++)
        *place_of(fl, fl->names[i].id) = (uint16_t)(i + 1);
}

static void drop_keys_of(struct flight *fl, uint32_t function)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < fl->nnames; i++)
        if (fl->names[i].kind != MARK_KEY || fl->names[i].function != function)
            fl->names[kept++] = fl->names[i];
        else
            function_release_named(&fl->names[i]);
    fl->nkeys -= fl->nnames - kept;
    fl->nnames = kept;
    find_all_anew(fl);
}

/* False: no memory. */
static bool grow(struct flight *fl)
{
    uint32_t room = fl->names_room == 0 ? 8 : fl->names_room * 2;
    struct mark_name *names = os_alloc(room * sizeof *names);
    uint16_t *found = os_alloc(2 * room * sizeof *found);
    if (names == NULL || found == NULL) {
        os_free(names);
        os_free(found);
        return false;
    }
    if (fl->nnames != 0)
        memcpy(names, fl->names, fl->nnames * sizeof *names);
    if (fl->names == NULL)
        atomic_fetch_add(&flights_named, 1);
    os_free(fl->names);
    os_free(fl->names_found);
    fl->names = names;
    fl->names_found = found;
    fl->names_room = room;
    find_all_anew(fl);
    return true;
}

/* A name that cannot be kept makes the result one that is not stored. */
static void add(struct flight *fl, const struct mark_name *name)
{
    struct mark_name *known = find(fl, name->id);
    if (known != NULL) {
        if (name->digest != 0)
            known->digest = name->digest;
        return;
    }
    if (name->kind == MARK_KEY) {
        struct mark_name any = mark_any(name->function);
        if (find(fl, any.id) != NULL)
            return;
        if (fl->nkeys == FLIGHT_KEYS) {
            drop_keys_of(fl, name->function);
            add(fl, &any);
            return;
        }
    }
    if (fl->nnames == FLIGHT_NAMES) {
        unname(fl, UNNAMED_TOO_MANY);
        return;
    }
    char *text = NULL;
    if (name->text != NULL && (text = os_alloc(strlen(name->text) + 1)) != NULL)
        memcpy(text, name->text, strlen(name->text) + 1);
    if ((name->text != NULL && text == NULL) || (fl->nnames == fl->names_room && !grow(fl))) {
        os_free(text);
        unname(fl, UNNAMED_NO_MEMORY);
        return;
    }
    function_hold_named(name);
    fl->names[fl->nnames] = *name;
    fl->names[fl->nnames].text = text;
    *place_of(fl, name->id) = (uint16_t)++fl->nnames;
    fl->nkeys += name->kind == MARK_KEY;
}

static void add_locked(struct flight *fl, const struct mark_name *name)
{
    lock_take(flight_names_lock(fl));
    add(fl, name);
    lock_give(flight_names_lock(fl));
}

void dependencies_tag(struct flight *fl, const char *tag)
{
    struct mark_name name = mark_tag(tag);
    add_locked(fl, &name);
}

void dependencies_tag_bad(struct flight *fl)
{
    lock_take(flight_names_lock(fl));
    unname(fl, UNNAMED_BAD);
    lock_give(flight_names_lock(fl));
}

static bool binds(const struct flight *fl)
{
    return fl->function->annotated.dependencies != SWR_DEPENDENCIES_OFF;
}

void dependencies_call(struct flight *fl, struct function *f, const struct key *key)
{
    if (!binds(fl) || (f == fl->function && key->hash == fl->key.hash))
        return;
    /* Before the look-up: whoever drops what that finds sees that somebody may stand on it. */
    if (!atomic_load(&f->inner))
        atomic_store(&f->inner, true);
    struct mark_name of_key = mark_key(f->number, key->hash), whole = mark_whole(f->number);
    SYNC_POINT("names.before");
    lock_take(flight_names_lock(fl));
    add(fl, &of_key);
    add(fl, &whole);
    /* Also when the call is answered by the function itself, past the cache. */
    for (uint32_t i = 0; i < f->ntags; i++)
        add(fl, &f->tags[i]);
    lock_give(flight_names_lock(fl));
}

void dependencies_saw(struct flight *fl, struct function *f, struct entry *e)
{
    if (!binds(fl) || (f == fl->function && entry_hash(e) == fl->key.hash))
        return;
    struct mark_name of_key = mark_key(f->number, entry_hash(e));
    uint64_t until = entry_fresh_until(e);
    of_key.digest = dependencies_digest(e);
    lock_take(flight_names_lock(fl));
    add(fl, &of_key);
    if (until < fl->fresh_cap)
        fl->fresh_cap = until;
    struct mark_set *set = mark_set_of(e);
    for (uint32_t i = 0; set != NULL && i < set->count; i++)
        add(fl, &set->links[i].name);
    lock_give(flight_names_lock(fl));
}

/* The flight's lock of names held. The texts stay the flight's; NULL: none, or no memory, and then `unnamed`.
 */
static struct mark_name *copy_names(struct flight *fl, uint32_t *count)
{
    *count = 0;
    struct mark_name *names = fl->nnames == 0 ? NULL : os_alloc(fl->nnames * sizeof *names);
    if (names != NULL) {
        memcpy(names, fl->names, fl->nnames * sizeof *names);
        *count = fl->nnames;
    } else if (fl->nnames != 0) {
        unname(fl, UNNAMED_NO_MEMORY);
    }
    return names;
}

void dependencies_took(struct flight *fl, struct flight *inner)
{
    uint32_t count;
    if (!binds(fl))
        return;
    /* Nobody writes the inner one's names any more but a thread that was handed its context too late. */
    lock_take(flight_names_lock(inner));
    struct mark_name *names = copy_names(inner, &count);
    uint64_t fresh_cap = inner->fresh_cap;
    enum flight_unnamed unnamed = inner->unnamed;
    lock_give(flight_names_lock(inner));
    lock_take(flight_names_lock(fl));
    for (uint32_t i = 0; i < count; i++)
        add(fl, &names[i]);
    if (fresh_cap < fl->fresh_cap)
        fl->fresh_cap = fresh_cap;
    if (unnamed != NAMED)
        unname(fl, unnamed);
    lock_give(flight_names_lock(fl));
    dependencies_free_names(names);
}

struct mark_name *dependencies_names(struct function *f, struct flight *fl, uint32_t *count)
{
    lock_take(flight_names_lock(fl));
    for (uint32_t i = 0; i < f->ntags; i++)
        add(fl, &f->tags[i]);
    struct mark_name *names = copy_names(fl, count);
    lock_give(flight_names_lock(fl));
    return names;
}

void dependencies_free_names(struct mark_name *names)
{
    os_free(names); /* the texts are the flight's */
}

/* Whose doing the fences of marks were, about: marks share places as they do in core/mark.c. */
enum { FENCE_ACTS = 1024 };
static _Atomic uint64_t fence_acts[FENCE_ACTS];

_Atomic uint64_t *dependencies_fence_act(uint64_t id)
{
    return &fence_acts[id % FENCE_ACTS];
}

/* Was one of them invalidated since it began? */
void dependencies_outdate(struct flight *fl, const struct mark_name *names, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint64_t fenced = fence_since(names[i].id, fl->began);
        if (fenced > fl->outdated)
            fl->outdated = fenced;
    }
}

void dependencies_check(struct flight *fl, const struct mark_name *names, uint32_t count)
{
    dependencies_outdate(fl, names, count);
    for (uint32_t i = 0; i < count; i++)
        if (fence_differs(names[i].id, names[i].digest, fl->began))
            fl->expired = true;
    if (fl->outdated == 0 || fl->fenced)
        return;
    uint64_t act = 0;
    for (uint32_t i = 0; i < count && act == 0; i++)
        if (fence_since(names[i].id, fl->began) != 0)
            act = atomic_load(dependencies_fence_act(names[i].id));
    audit_resume(act);
    flight_fence(fl);
    audit_resume(0);
}
