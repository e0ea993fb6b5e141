#include "renew.h"
#include "runtime/compute/custom_key.h"
#include "runtime/registry/home.h"
#include "runtime/registry/resolve.h"
#include "runtime/registry/site.h"

#include <string.h>

/* Keys and objects are made in the same way as before, though not by the same code. */
static bool same_makers(const struct function *f, const struct swrcache_site *site)
{
    struct swrcache_policy p;
    site_policy(site, &p);
    bool decodes = f->encoder != NULL && p.codec->decode != NULL;
    bool keyed = p.key != NULL && custom_key_fits(p.key, site);
    return (f->own_codec.decode != NULL) == decodes && (f->custom_key != NULL) == keyed;
}

/* The compiler tells which bytes count by code. */
static bool same_bits(const struct function *f, const struct swrcache_site *site)
{
    struct bits bits;
    if (!bits_of(&bits, site))
        return false;
    bool same = bits_alike(&f->bits, &bits, site);
    bits_free(&bits, site);
    return same;
}

static void take_over(struct function *f, const struct swrcache_site *site)
{
    struct setting_layer said = {0};
    site_renew(f->site, site);
    const struct swrcache_policy *p = f->site->policy;
    f->annotated.version = p->version;
    f->annotated.version_of = p->version_of;
    f->annotated.failed = p->failed;
    f->annotated.unless = p->unless;
    f->annotated.mode = p->mode;
    f->annotated.percent = p->percent;
    f->shape.version = f->args.version = p->version;
    f->shape.version_of = f->args.version_of = p->version_of;
    if (f->custom_key != NULL)
        f->own_key.make = p->key->make;
    if (f->encoder != NULL)
        f->own_codec = *p->codec;
    bits_round_by(&f->bits, f->site->size > offsetof(struct swrcache_site, round) ? f->site->round : NULL);
    setting_from_policy(&said, p, f->site->name);
    setting_change(&f->own, &said, ~said.set);
    /* Whatever was stored since its code went. */
    function_raise(f);
    atomic_store(&f->since, atomic_load(&f->identity));
}

struct function *renew_found(const struct swrcache_site *site)
{
    for (uint32_t i = 0; home_any() && i < function_count(); i++) {
        struct function *f = function_at(i);
        if (f == NULL || f->dictionary || strcmp(f->site->name, site->name) != 0 || !home_left(f) ||
            home_leaving(f) || !site_alike(f->site, site))
            continue;
        if (!same_makers(f, site) || !same_bits(f, site))
            continue;
        take_over(f, site);
        return f;
    }
    return NULL;
}
