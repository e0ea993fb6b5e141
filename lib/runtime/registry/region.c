#include "region.h"
#include "core/target.h"
#include "base/lock.h"

#include <ctype.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

LOCK(regions); /* what region.h says, and making one */
static _Atomic(struct region *) regions;

/* By their names; as long as a program has not got that many, each stands alone in its place. */
enum { PLACES = 8192 };
static _Atomic(struct region *) places[PLACES];

static _Atomic(struct region *) *place_of(const char *name, size_t len)
{
    return &places[XXH3_64bits(name, len) % PLACES];
}

struct region *region_first(void)
{
    return atomic_load(&regions);
}

static struct region *find(const char *name, size_t len)
{
    struct region *r = atomic_load(place_of(name, len));
    while (r != NULL && (r->len != len || memcmp(r->name, name, len) != 0))
        r = r->next_same;
    return r;
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
    r->next = region_first();
    atomic_store(&regions, r);
    if (parent != NULL) {
        r->next_sibling = atomic_load(&parent->children);
        atomic_store(&parent->children, r);
    }
    _Atomic(struct region *) *place = place_of(name, len);
    r->next_same = atomic_load(place);
    atomic_store(place, r);
    return r;
}

struct region *region_of(const char *name, bool with_make)
{
    struct region *r = name != NULL ? find(name, strlen(name)) : NULL;
    if (r != NULL || name == NULL || !with_make || !region_valid(name))
        return r;
    lock_take(&regions_lock);
    r = make(name, strlen(name));
    lock_give(&regions_lock);
    return r;
}

bool region_within(const struct region *r, const struct region *around)
{
    for (; r != NULL; r = r->parent)
        if (r == around)
            return true;
    return false;
}

void region_add_function(struct function *f)
{
    if (f->region == NULL)
        return;
    lock_take(&regions_lock);
    f->next_in_region = atomic_load(&f->region->functions);
    atomic_store(&f->region->functions, f);
    lock_give(&regions_lock);
}

/* The next one of the tree beneath `top`, each before what is within it. */
static const struct region *next_within(const struct region *r, const struct region *top)
{
    const struct region *down = atomic_load(&r->children);
    if (down != NULL)
        return down;
    for (; r != top; r = r->parent)
        if (r->next_sibling != NULL)
            return r->next_sibling;
    return NULL;
}

struct function **region_functions(const struct region *top, size_t *count)
{
    struct function **found = NULL;
    size_t n = 0, room = 0;
    /* Once more when one has come in the meantime. */
    do {
        os_free(found);
        room = n;
        found = os_alloc((room + 1) * sizeof(struct function *));
        n = 0;
        for (const struct region *r = top; found != NULL && r != NULL; r = next_within(r, top))
            for (struct function *f = atomic_load(&r->functions); f != NULL; f = f->next_in_region, n++)
                if (n < room)
                    found[n] = f;
    } while (found != NULL && n > room);
    *count = found != NULL ? n : 0;
    return found;
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
