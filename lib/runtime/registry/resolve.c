#include "resolve.h"
#include "region.h"
#include "runtime/setting/option.h"
#include "base/clock.h"
#include "base/unit.h"

#include <stdio.h>
#include <string.h>

/* What every layer holds, and f->settings while they are made of them: who changes a layer resolves after
 * it, so the last who does has seen all changes. */
LOCK(settings);

void setting_change(struct setting_layer *layer, const struct setting_layer *change, uint32_t unset)
{
    lock_take(&settings_lock);
    for (uint32_t s = 0; s < LAYER_VALUES; s++)
        if (change->set >> s & 1)
            layer->values[s] = change->values[s];
    layer->set = (layer->set | change->set) & ~unset;
    lock_give(&settings_lock);
}

/* One function's or region's layers, the first that counts first; NULL: none of this kind. */
static uint32_t layers_of(const struct setting_layer *set, const struct configured *configured,
                          const struct setting_layer *own, const struct setting_layer **layers)
{
    layers[0] = set;
    layers[1] = configured != NULL ? &configured->layers[CONFIGURED_BY_ENVIRONMENT] : NULL;
    layers[2] = configured != NULL ? &configured->layers[CONFIGURED_BY_FILE] : NULL;
    layers[3] = own;
    return 4;
}

static const char *const layer_names[] = {"set", "environment", "config", "annotation"};

/*
 * settings_lock held. The layer that decides, NULL: the default; `which` of them. `region` the region it
 * belongs to, NULL: the function itself.
 */
static const struct setting_layer *decider(struct function *f, uint32_t s, struct region **region,
                                           uint32_t *which)
{
    const struct setting_layer *layers[4];
    uint32_t n = layers_of(&f->set, f->configured, &f->own, layers);
    struct region *next = f->region;
    for (*region = NULL;; next = next->parent) {
        for (*which = 0; *which < n; ++*which)
            if (layers[*which] != NULL && layers[*which]->set >> s & 1)
                return layers[*which];
        if ((*region = next) == NULL)
            return NULL;
        n = layers_of(&next->set, next->configured, &next->policy, layers);
    }
}

void setting_resolve(struct function *f)
{
    lock_take(&settings_lock);
    for (uint32_t s = 0; s < SETTINGS; s++) {
        struct region *region;
        uint32_t which;
        const struct setting_layer *layer = decider(f, s, &region, &which);
        uint64_t value = layer != NULL ? layer->values[s] : setting_rows[s].value;
        if (layer == NULL && f->dictionary &&
            (s == SETTING_of_stale || s == SETTING_of_stale_if_error || s == SETTING_of_jitter_pct))
            value = 0;
        atomic_store((_Atomic uint64_t *)(void *)((char *)&f->settings + setting_rows[s].offset), value);
    }
    lock_give(&settings_lock);
}

bool setting_given(struct function *f, uint32_t s, uint64_t *value)
{
    struct region *region;
    uint32_t which;
    lock_take(&settings_lock);
    const struct setting_layer *layer = decider(f, s, &region, &which);
    if (layer != NULL)
        *value = layer->values[s];
    lock_give(&settings_lock);
    return layer != NULL;
}

void setting_source(struct function *f, uint32_t s, char *buffer, size_t room)
{
    struct region *region;
    uint32_t which;
    lock_take(&settings_lock);
    const struct setting_layer *layer = decider(f, s, &region, &which);
    lock_give(&settings_lock);
    if (layer == NULL)
        snprintf(buffer, room, "default");
    else if (region == NULL)
        snprintf(buffer, room, "%s", layer_names[which]);
    else if (layer == &region->policy)
        snprintf(buffer, room, "region %s", region->name);
    else
        snprintf(buffer, room, "region %s, %s", region->name, layer_names[which]);
}
