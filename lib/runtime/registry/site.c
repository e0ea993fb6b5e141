#include "site.h"
#include "base/os.h"

#include <string.h>

/* Pieces, one after the other; first measured, with `room` NULL. */
struct pieces {
    char *room;
    size_t used;
};

static void *add(struct pieces *to, const void *from, size_t known, size_t size)
{
    char *at = to->room != NULL ? to->room + to->used : NULL;
    to->used += (size + 15) & ~(size_t)15;
    if (at == NULL || from == NULL)
        return NULL;
    memset(at, 0, size);
    return memcpy(at, from, known);
}

static const char *add_text(struct pieces *to, const char *text)
{
    return text != NULL ? add(to, text, strlen(text) + 1, strlen(text) + 1) : NULL;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

#define HAS(site, member)                                                                                    \
    ((site)->size >= offsetof(struct swrcache_site, member) + sizeof((site)->member) &&                      \
     (site)->member != NULL)

static const struct swrcache_field *add_fields(struct pieces *to, const struct swrcache_param *p)
{
    if (p->nfields == 0)
        return NULL;
    struct swrcache_field *fields =
        add(to, p->fields, p->nfields * sizeof *fields, p->nfields * sizeof *fields);
    for (uint32_t i = 0; i < p->nfields; i++) {
        const char *name = add_text(to, p->fields[i].name);
        if (fields != NULL)
            fields[i].name = name;
    }
    return fields;
}

static const struct swrcache_param *add_params(struct pieces *to, const struct swrcache_site *site)
{
    if (site->nparams == 0)
        return NULL;
    struct swrcache_param *params =
        add(to, site->params, site->nparams * sizeof *params, site->nparams * sizeof *params);
    for (uint32_t i = 0; i < site->nparams; i++) {
        const struct swrcache_param *p = &site->params[i];
        const char *name = add_text(to, p->name), *type = add_text(to, p->type);
        const struct swrcache_field *fields = add_fields(to, p);
        if (params != NULL) {
            params[i].name = name;
            params[i].type = type;
            params[i].fields = fields;
        }
    }
    return params;
}

/* Of an older header it ends sooner: the rest is zero, unset. */
void site_policy(const struct swrcache_site *site, struct swrcache_policy *policy)
{
    memset(policy, 0, sizeof *policy);
    memcpy(policy, site->policy, least(site->policy_size, sizeof *policy));
}

static const struct swrcache_policy *add_policy(struct pieces *to, const struct swrcache_site *site)
{
    struct swrcache_policy whole, *policy;
    site_policy(site, &whole);
    policy = add(to, &whole, sizeof whole, sizeof whole);
    const char *region = add_text(to, whole.region), *tags = add_text(to, whole.tags),
               *invalidate_on = add_text(to, whole.invalidate_on), *expire_on = add_text(to, whole.expire_on);
    if (policy == NULL)
        return NULL;
    policy->region = region;
    policy->tags = tags;
    policy->invalidate_on = invalidate_on;
    policy->expire_on = expire_on;
    return policy;
}

static struct swrcache_site *copy_to(struct pieces *to, const struct swrcache_site *site)
{
    struct swrcache_site *copy = add(to, site, least(site->size, sizeof *copy), sizeof *copy);
    const char *name = add_text(to, site->name), *file = add_text(to, site->file),
               *type = add_text(to, site->result_type);
    const struct swrcache_param *params = add_params(to, site);
    const struct swrcache_policy *policy = add_policy(to, site);
    const uint32_t *aligns = NULL;
    size_t room = (site->nparams + 1) * sizeof *aligns;
    if (HAS(site, aligns))
        aligns = add(to, site->aligns, room, room);
    if (copy == NULL)
        return NULL;
    copy->size = (uint32_t)least(site->size, sizeof *copy);
    copy->name = name;
    copy->file = file;
    copy->result_type = type;
    copy->params = params;
    copy->policy = policy;
    copy->policy_size = sizeof *policy;
    copy->aligns = aligns;
    copy->function = NULL;
    return copy;
}

struct swrcache_site *site_copy(const struct swrcache_site *site)
{
    struct pieces to = {NULL, 0};
    copy_to(&to, site);
    to = (struct pieces){os_alloc(to.used), 0};
    return to.room != NULL ? copy_to(&to, site) : NULL;
}

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool same_param(const struct swrcache_param *a, const struct swrcache_param *b)
{
    if (!same_text(a->name, b->name) || !same_text(a->type, b->type) || a->kind != b->kind ||
        a->cls != b->cls || a->size != b->size || a->nfields != b->nfields)
        return false;
    for (uint32_t i = 0; i < a->nfields; i++) {
        const struct swrcache_field *f = &a->fields[i], *g = &b->fields[i];
        if (!same_text(f->name, g->name) || f->offset != g->offset || f->size != g->size || f->cls != g->cls)
            return false;
    }
    return true;
}

static bool same_params(const struct swrcache_site *a, const struct swrcache_site *b)
{
    bool same = a->nparams == b->nparams && HAS(a, aligns) == HAS(b, aligns);
    for (uint32_t i = 0; same && i < a->nparams; i++)
        same = same_param(&a->params[i], &b->params[i]);
    return same &&
           (!HAS(a, aligns) || memcmp(a->aligns, b->aligns, (a->nparams + 1) * sizeof *a->aligns) == 0);
}

static bool versioned(const struct swrcache_policy *p)
{
    return p->version != SWRCACHE_UNSET || p->version_of != NULL;
}

static bool same_policy(const struct swrcache_policy *a, const struct swrcache_policy *b)
{
    return a->fails == b->fails && a->refresh == b->refresh && a->secret == b->secret &&
           a->dependencies == b->dependencies && same_text(a->region, b->region) &&
           same_text(a->tags, b->tags) && same_text(a->invalidate_on, b->invalidate_on) &&
           same_text(a->expire_on, b->expire_on) && versioned(a) == versioned(b) &&
           (a->unless == NULL) == (b->unless == NULL) && (a->key == NULL) == (b->key == NULL) &&
           (a->codec == NULL) == (b->codec == NULL);
}

bool site_alike(const struct swrcache_site *mine, const struct swrcache_site *other)
{
    struct swrcache_policy policy;
    site_policy(other, &policy);
    return mine->size == least(other->size, sizeof *mine) && same_text(mine->name, other->name) &&
           same_text(mine->file, other->file) && mine->form == other->form &&
           mine->result_cls == other->result_cls && mine->result_size == other->result_size &&
           same_text(mine->result_type, other->result_type) &&
           (mine->size <= SWRCACHE_SITE_LEAST || mine->flags == other->flags) && same_params(mine, other) &&
           same_policy(mine->policy, &policy);
}

void site_renew(struct swrcache_site *mine, const struct swrcache_site *other)
{
    struct swrcache_policy *policy = (struct swrcache_policy *)(uintptr_t)mine->policy, fresh;
    site_policy(other, &fresh);
    fresh.region = policy->region;
    fresh.tags = policy->tags;
    fresh.invalidate_on = policy->invalidate_on;
    fresh.expire_on = policy->expire_on;
    *policy = fresh;
    mine->run = other->run;
    mine->copy = other->copy;
    mine->release = other->release;
    if (HAS(mine, clear))
        mine->clear = other->clear;
    if (HAS(mine, round))
        mine->round = other->round;
    __atomic_store_n(&mine->line, other->line, __ATOMIC_RELAXED);
}
