#include "setting.h"
#include "option.h"
#include "region.h"
#include "base/clock.h"

#include <stdio.h>
#include <string.h>

const struct setting_row setting_rows[SETTINGS] = {
#define SETTING(name, kind, field, value, help)                                                              \
    {#name, SETTING_##kind, offsetof(struct settings, name), offsetof(struct swrcache_policy, field), value},
#include "setting.def"
#undef SETTING
};

static bool value_of(const struct setting_row *row, int64_t n, uint64_t *value)
{
    if (row->kind == SETTING_TIME) {
        if (n == SWR_FOREVER)
            *value = CLOCK_NEVER;
        else if (n >= 0 && __builtin_mul_overflow((uint64_t)n, NS_PER_MS, value))
            *value = CLOCK_NEVER;
        return n >= 0;
    }
    *value = (uint64_t)n;
    return n >= 0 && (row->kind != SETTING_PERCENT || n <= 100);
}

void setting_from_policy(struct setting_layer *layer, const struct swrcache_policy *p, const char *who)
{
    for (uint32_t s = 0; s < SETTINGS; s++) {
        int64_t n;
        memcpy(&n, (const char *)p + setting_rows[s].annotated, sizeof n);
        if (n == SWRCACHE_UNSET)
            continue;
        if (value_of(&setting_rows[s], n, &layer->values[s]))
            layer->given |= 1u << s;
        else
            option_complain("%s: .%s%s = %lld is out of range; ignored", who, setting_rows[s].name,
                            setting_rows[s].kind == SETTING_TIME ? "_ms" : "", (long long)n);
    }
}

/* The layer that decides, NULL: the default. `region` the region it belongs to, NULL: the function itself. */
static const struct setting_layer *decider(struct function *f, uint32_t s, struct region **region)
{
    *region = NULL;
    if (f->set.given >> s & 1)
        return &f->set;
    if (f->own.given >> s & 1)
        return &f->own;
    for (struct region *r = f->region; r != NULL; r = r->parent) {
        *region = r;
        if (r->set.given >> s & 1)
            return &r->set;
        if (r->policy.given >> s & 1)
            return &r->policy;
    }
    return NULL;
}

void setting_resolve(struct function *f)
{
    for (uint32_t s = 0; s < SETTINGS; s++) {
        struct region *region;
        const struct setting_layer *layer = decider(f, s, &region);
        uint64_t value = layer != NULL ? layer->values[s] : setting_rows[s].value;
        if (layer == NULL && f->dictionary &&
            (s == SETTING_of_stale || s == SETTING_of_stale_if_error || s == SETTING_of_jitter_pct))
            value = 0;
        atomic_store((_Atomic uint64_t *)(void *)((char *)&f->settings + setting_rows[s].offset), value);
    }
}

void setting_source(struct function *f, enum setting s, char *buffer, size_t room)
{
    struct region *region;
    const struct setting_layer *layer = decider(f, s, &region);
    if (layer == NULL)
        snprintf(buffer, room, "default");
    else if (region != NULL)
        snprintf(buffer, room, "region %s", region->name);
    else
        snprintf(buffer, room, "%s", layer == &f->set ? "set" : "annotation");
}
