#include "region.h"
#include "core/target.h"
#include "base/epoch.h"
#include "base/lock.h"

#include <ctype.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

LOCK(regions); /* what region.h says, and making one and taking one out */
/* As they were made or last looked at by region_take_unused(). */
static struct region *oldest, *newest;

/* By their names; as long as a program has not got that many, each stands alone in its place. */
enum { PLACES = 8192 };
static _Atomic(struct region *) places[PLACES];

static _Atomic(struct region *) *place_of(const char *name, size_t len)
{
    return &places[XXH3_64bits(name, len) % PLACES];
}

static struct region *find(const char *name, size_t len)
{
    struct region *r = atomic_load(place_of(name, len));
    while (r != NULL && (r->len != len || memcmp(r->name, name, len) != 0))
        r = atomic_load(&r->next_same);
    return r;
}

struct region *region_find(const char *name)
{
    struct region *r = name != NULL ? find(name, strlen(name)) : NULL;
    return r != NULL && (atomic_fetch_add(&r->kept, 1) & FUNCTION_GONE) == 0 ? r : NULL;
}

static void link_child(struct region *r, struct region *parent)
{
    atomic_fetch_add(&parent->kept, 1);
    r->next_sibling = parent->children;
    if (parent->children != NULL)
        parent->children->before_sibling = r;
    parent->children = r;
}

static void link_newest(struct region *r)
{
    r->newer = NULL;
    r->older = newest;
    *(newest != NULL ? &newest->newer : &oldest) = r;
    newest = r;
}

static void unlink_aged(struct region *r)
{
    *(r->older != NULL ? &r->older->newer : &oldest) = r->newer;
    *(r->newer != NULL ? &r->newer->older : &newest) = r->older;
}

static void unlink_child(struct region *r, struct region *parent)
{
    *(r->before_sibling != NULL ? &r->before_sibling->next_sibling : &parent->children) = r->next_sibling;
    if (r->next_sibling != NULL)
        r->next_sibling->before_sibling = r->before_sibling;
    /* With its last one it may go at once: a chain of names does not need a turn for each. */
    if (atomic_fetch_sub(&parent->kept, 1) == 1 && parent != oldest) {
        unlink_aged(parent);
        parent->older = NULL;
        parent->newer = oldest;
        *(oldest != NULL ? &oldest->older : &newest) = parent;
        oldest = parent;
    }
}

/* regions_lock held. */
static struct region *make(const char *name, size_t len)
{
    struct region *r = find(name, len), *parent = NULL;
    if (r != NULL)
        return r;
    const char *dot = memrchr(name, '.', len);
    if (dot != NULL && (parent = make(name, (size_t)(dot - name))) == NULL)
        return NULL;
    r = os_zalloc(sizeof *r + len + 1);
    if (r == NULL)
        return NULL;
    memcpy(r->name, name, len);
    r->len = len;
    r->parent = parent;
    r->choices = (struct swrcache_policy){
        .fails = SWRCACHE_FAILS_UNSET, .refresh = SWRCACHE_REFRESH_UNSET, .secret = -1};
    r->configured = configured_for("region:", r->name);
    link_newest(r);
    if (parent != NULL)
        link_child(r, parent);
    _Atomic(struct region *) *place = place_of(name, len);
    atomic_store(&r->next_same, atomic_load(place));
    atomic_store(place, r);
    return r;
}

struct region *region_of(const char *name, bool with_make)
{
    struct region *r = NULL;
    if (name == NULL || !region_valid(name))
        return NULL;
    lock_take(&regions_lock);
    r = with_make ? make(name, strlen(name)) : find(name, strlen(name));
    if (r != NULL)
        atomic_fetch_add(&r->kept, 1);
    lock_give(&regions_lock);
    return r;
}

/* Of no order any more. regions_lock held, and that of function_learn(). Who finds it by its name alone sees
 * that it is gone. */
static bool take_out(struct region *r)
{
    struct function *f = atomic_load(&r->dictionary);
    uint64_t none = 0;
    if (f != NULL ? !function_remove(f) : !atomic_compare_exchange_strong(&r->kept, &none, FUNCTION_GONE))
        return false;
    _Atomic(struct region *) *at = place_of(r->name, r->len);
    while (atomic_load(at) != r)
        at = &atomic_load(at)->next_same;
    atomic_store(at, atomic_load(&r->next_same));
    if (r->parent != NULL)
        unlink_child(r, r->parent);
    return true;
}

struct region *region_take_unused(unsigned *looks)
{
    struct region *r = NULL;
    bool taken = false;
    lock_take(&regions_lock);
    for (; !taken && *looks != 0 && oldest != NULL; --*looks) {
        r = oldest;
        unlink_aged(r);
        taken = atomic_load(&r->kept) == 0 && take_out(r);
        if (!taken)
            link_newest(r); /* its turn comes again */
    }
    lock_give(&regions_lock);
    return taken ? r : NULL;
}

static void destroy(struct epoch_garbage *g)
{
    os_free(g); /* its first field */
}

void region_forget(struct region *r)
{
    epoch_retire(&r->garbage, sizeof *r + r->len + 1, destroy);
}

bool region_within(const struct region *r, const struct region *around)
{
    for (; r != NULL; r = r->parent)
        if (r == around)
            return true;
    return false;
}

bool region_within_named(const struct region *r, const char *name)
{
    for (; r != NULL; r = r->parent)
        if (strcmp(r->name, name) == 0)
            return true;
    return false;
}

struct region **region_all(size_t *count)
{
    size_t n = 0;
    lock_take(&regions_lock);
    for (struct region *r = oldest; r != NULL; r = r->newer)
        n++;
    struct region **all = os_alloc((n + 1) * sizeof(struct region *));
    n = 0;
    for (struct region *r = all != NULL ? oldest : NULL; r != NULL; r = r->newer) {
        atomic_fetch_add(&r->kept, 1);
        all[n++] = r;
    }
    lock_give(&regions_lock);
    *count = n;
    return all;
}

void region_free_all(struct region **all, size_t count)
{
    for (size_t i = 0; all != NULL && i < count; i++)
        region_release(all[i]);
    os_free(all);
}

void region_add_function(struct function *f)
{
    if (f->region == NULL)
        return;
    lock_take(&regions_lock);
    f->next_in_region = f->region->functions;
    f->region->functions = f;
    lock_give(&regions_lock);
}

/* regions_lock held. The next one of the tree beneath `top`, each before what is within it. */
static const struct region *next_within(const struct region *r, const struct region *top)
{
    if (r->children != NULL)
        return r->children;
    for (; r != top; r = r->parent)
        if (r->next_sibling != NULL)
            return r->next_sibling;
    return NULL;
}

/* The same. As many as there is room for, held; gives how many there are. */
static size_t gather(const struct region *top, struct function **found, size_t room)
{
    size_t n = 0;
    for (const struct region *r = top; r != NULL; r = next_within(r, top))
        for (struct function *f = r->functions; f != NULL; f = f->next_in_region, n++)
            if (n < room) {
                function_hold(f);
                found[n] = f;
            }
    return n;
}

struct function **region_functions(const struct region *top, size_t *count)
{
    lock_take(&regions_lock);
    size_t n = gather(top, NULL, 0);
    struct function **found = os_alloc((n + 1) * sizeof(struct function *));
    *count = found != NULL ? gather(top, found, n) : 0;
    lock_give(&regions_lock);
    return found;
}

void region_free_functions(struct function **functions, size_t count)
{
    for (size_t i = 0; functions != NULL && i < count; i++)
        function_release(functions[i]);
    os_free(functions);
}

static void choose(struct swrcache_policy *to, const struct swrcache_policy *from)
{
    if (to->fails == SWRCACHE_FAILS_UNSET)
        to->fails = from->fails;
    if (to->refresh == SWRCACHE_REFRESH_UNSET)
        to->refresh = from->refresh;
    if (to->secret < 0)
        to->secret = from->secret;
    if (to->dependencies == SWRCACHE_DEPENDENCIES_UNSET)
        to->dependencies = from->dependencies;
}

void region_hand_down(struct region *r, struct swrcache_policy *annotated)
{
    lock_take(&regions_lock);
    for (; r != NULL; r = r->parent)
        choose(annotated, &r->choices);
    lock_give(&regions_lock);
}

void region_choose(struct region *r, const struct swrcache_policy *policy)
{
    lock_take(&regions_lock);
    struct swrcache_policy choices = *policy;
    choose(&choices, &r->choices);
    r->choices = choices;
    lock_give(&regions_lock);
}
