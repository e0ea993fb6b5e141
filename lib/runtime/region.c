#include "region.h"
#include "cache.h"
#include "event.h"
#include "mode.h"
#include "option.h"
#include "base/alive.h"
#include "base/cancel.h"
#include "core/target.h"

#include <ctype.h>
#include <string.h>

static struct lock regions_lock; /* what region.h says, and making one */
static _Atomic(struct region *) regions;

bool region_valid(const char *name)
{
    bool part = false;
    if (strnlen(name, TARGET_NAME_MAX + 1) > TARGET_NAME_MAX)
        return false; /* no target could name it */
    for (; *name != 0; name++) {
        if (*name == '.') {
            if (!part)
                return false;
            part = false;
        } else if (isalnum((unsigned char)*name) || *name == '_' || *name == '-') {
            part = true;
        } else {
            return false;
        }
    }
    return part;
}

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
    r->given = given_to("region:", r->name);
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

void region_retune(struct region *r)
{
    size_t count;
    struct function **within = region_functions(r, &count);
    for (size_t i = 0; within != NULL && i < count; i++) {
        setting_resolve(within[i]);
        mode_begin(within[i]);
        cache_retune(within[i]);
    }
    os_free(within);
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

/* Names, functions and versions are one function's own; a function's address may go with its object. */
static void complain_own(const char *name, const struct swrcache_policy *p)
{
    const char *field = p->region != NULL              ? "region"
                        : p->tags != NULL              ? "tags"
                        : p->version != SWRCACHE_UNSET ? "version"
                        : p->version_of != NULL        ? "version_of"
                        : p->failed != NULL            ? "failed"
                        : p->unless != NULL            ? "unless"
                        : p->key != NULL               ? "key"
                        : p->codec != NULL             ? "codec"
                                                       : NULL;
    if (field != NULL)
        option_complain("region \"%.80s\": .%s is not handed down: write it at each function; ignored", name,
                        field);
}

void region_policy(const char *name, const struct swrcache_policy *policy, size_t policy_size)
{
    struct swrcache_policy p = {0};
    struct cancel cancel;
    if (alive_dead())
        return;
    cancel_off(&cancel);
    struct region *r = region_of(name, true);
    if (r == NULL || policy_size < SWRCACHE_POLICY_LEAST) {
        option_complain("region \"%.80s\": no such name can be; write letters, digits, _ and - between dots",
                        name != NULL ? name : "");
        cancel_back(&cancel);
        return;
    }
    memcpy(&p, policy, policy_size < sizeof p ? policy_size : sizeof p);
    setting_from_policy(&r->policy, &p, name);
    lock_take(&regions_lock);
    struct swrcache_policy choices = p;
    choose(&choices, &r->choices);
    r->choices = choices;
    lock_give(&regions_lock);
    complain_own(name, &p);
    event_listen(r, p.invalidate_on, SWRCACHE_OP_INVALIDATE);
    event_listen(r, p.expire_on, SWRCACHE_OP_EXPIRE);
    region_retune(r);
    cancel_back(&cancel);
}

bool region_on(const char *name, const char *event, enum swrcache_operation operation)
{
    struct cancel cancel;
    if (alive_dead())
        return false;
    cancel_off(&cancel);
    struct region *r = region_of(name, true);
    if (r == NULL)
        option_complain("region \"%.80s\": no such name can be; write letters, digits, _ and - between dots",
                        name != NULL ? name : "");
    bool named = event != NULL && event[strspn(event, " ")] != 0;
    if (r != NULL && !named)
        option_complain("region \"%s\": which event? its name is empty", name);
    bool listens = r != NULL && named && event_listen(r, event, operation);
    cancel_back(&cancel);
    return listens;
}

void region_fork_prepare(void)
{
    lock_take(&regions_lock);
}

void region_fork_release(void)
{
    lock_give(&regions_lock);
}
