#include "setting.h"
#include "option.h"
#include "region.h"
#include "base/clock.h"
#include "base/unit.h"

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

/* What every layer holds, and f->settings while they are made of them: who changes a layer resolves after
 * it, so the last who does has seen all changes. */
static struct lock settings_lock;

void setting_change(struct setting_layer *layer, const struct setting_layer *change, uint32_t unset)
{
    lock_take(&settings_lock);
    for (uint32_t s = 0; s < LAYER_VALUES; s++)
        if (change->given >> s & 1)
            layer->values[s] = change->values[s];
    layer->given = (layer->given | change->given) & ~unset;
    lock_give(&settings_lock);
}

void setting_fork_prepare(void)
{
    lock_take(&settings_lock);
}

void setting_fork_release(void)
{
    lock_give(&settings_lock);
}

/* How functions begin. */
static void begin_from_policy(struct setting_layer *layer, const struct swrcache_policy *p, const char *who)
{
    static const enum function_mode kinds[] = {FUNCTION_ON, FUNCTION_ON, FUNCTION_OFF, FUNCTION_SHADOW,
                                               FUNCTION_OBSERVE};
    if (p->mode > SWRCACHE_MODE_UNSET && p->mode <= SWR_MODE_OBSERVE) {
        layer->values[LAYER_MODE] = kinds[p->mode];
        layer->given |= 1u << LAYER_MODE;
    }
    if (p->percent >= 1 && p->percent <= 100) {
        layer->values[LAYER_PERCENT] = (uint64_t)p->percent;
        layer->given |= 1u << LAYER_PERCENT;
    } else if (p->percent != 0) {
        option_complain("%s: .percent = %d is not from 1 to 100; ignored", who, p->percent);
    }
}

void setting_from_policy(struct setting_layer *layer, const struct swrcache_policy *p, const char *who)
{
    struct setting_layer said = {0};
    begin_from_policy(&said, p, who);
    for (uint32_t s = 0; s < SETTINGS; s++) {
        int64_t n;
        memcpy(&n, (const char *)p + setting_rows[s].annotated, sizeof n);
        if (n == SWRCACHE_UNSET)
            continue;
        if (value_of(&setting_rows[s], n, &said.values[s]))
            said.given |= 1u << s;
        else
            option_complain("%s: .%s%s = %lld is out of range; ignored", who, setting_rows[s].name,
                            setting_rows[s].kind == SETTING_TIME ? "_ms" : "", (long long)n);
    }
    setting_change(layer, &said, 0);
}

bool setting_parse(const struct setting_row *row, const char *text, uint64_t *value)
{
    if (row->kind == SETTING_TIME)
        return unit_duration(text, value);
    if (row->kind == SETTING_SIZE)
        return unit_size(text, value);
    *value = UINT64_MAX;
    if (row->kind == SETTING_COUNT && strcmp(text, "inf") == 0)
        return true;
    return unit_count(text, value) && (row->kind != SETTING_PERCENT || *value <= 100);
}

const char *setting_form(const struct setting_row *row)
{
    static const char *const forms[] = {[SETTING_TIME] = "a time such as 250ms, 20s, 5m, 1h, inf",
                                        [SETTING_COUNT] = "a number or inf",
                                        [SETTING_PERCENT] = "a number from 0 to 100",
                                        [SETTING_SIZE] = "a size such as 64M, 1G, inf"};
    return forms[row->kind];
}

const char *setting_names(char *buffer)
{
    char *at = buffer;
    for (uint32_t s = 0; s < SETTINGS; s++)
        at += snprintf(at, (size_t)(buffer + SETTING_NAMES_ROOM - at), " %s", setting_rows[s].name);
    return buffer;
}

/* One function's or region's layers, the first that counts first; NULL: none of this kind. */
static uint32_t layers_of(const struct setting_layer *set, const struct given *given,
                          const struct setting_layer *own, const struct setting_layer **layers)
{
    layers[0] = set;
    layers[1] = given != NULL ? &given->layers[GIVEN_BY_ENVIRONMENT] : NULL;
    layers[2] = given != NULL ? &given->layers[GIVEN_BY_FILE] : NULL;
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
    uint32_t n = layers_of(&f->set, f->given, &f->own, layers);
    struct region *next = f->region;
    for (*region = NULL;; next = next->parent) {
        for (*which = 0; *which < n; ++*which)
            if (layers[*which] != NULL && layers[*which]->given >> s & 1)
                return layers[*which];
        if ((*region = next) == NULL)
            return NULL;
        n = layers_of(&next->set, next->given, &next->policy, layers);
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
