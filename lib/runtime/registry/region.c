#include "region.h"
#include "core/target.h"
#include "base/lock.h"

#include <ctype.h>
#include <string.h>

LOCK(regions); /* what region.h says, and making one */
static _Atomic(struct region *) regions;

struct region *region_first(void)
{
    return atomic_load(&regions);
}

static struct region *find(const char *name, size_t len)
{
    for (struct region *r = region_first(); r != NULL; r = r->next)
        if (strlen(r->name) == len && memcmp(r->name, name, len) == 0)
            return r;
    return NULL;
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
    r->parent = parent;
    r->choices = (struct swrcache_policy){
        .fails = SWRCACHE_FAILS_UNSET, .refresh = SWRCACHE_REFRESH_UNSET, .secret = -1};
    r->configured = configured_for("region:", r->name);
    r->next = region_first();
    atomic_store(&regions, r);
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

struct function **region_functions(const struct region *r, size_t *count)
{
    uint32_t known = function_count();
    struct function **found = os_alloc((known + 1) * sizeof(struct function *));
    *count = 0;
    for (uint32_t i = 0; found != NULL && i < known; i++)
        if (function_at(i) != NULL && region_within(function_at(i)->region, r))
            found[(*count)++] = function_at(i);
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
