#include "setting.h"
#include "mode_word.h"
#include "option.h"
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

/* A number may be within the bounds of its kind or not. */
static bool setting_fits(const struct setting_row *row, uint64_t n)
{
    return row->kind == SETTING_PERCENT ? n <= 100 : row->kind != SETTING_SHARE || (n >= 1 && n <= 100);
}

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
    return n >= 0 && setting_fits(row, *value);
}

/* How functions begin. */
static void begin_from_policy(struct setting_layer *layer, const struct swrcache_policy *p, const char *who)
{
    static const enum function_mode kinds[] = {FUNCTION_ON, FUNCTION_ON, FUNCTION_OFF, FUNCTION_SHADOW,
                                               FUNCTION_OBSERVE};
    if (p->mode > SWRCACHE_MODE_UNSET && p->mode <= SWR_MODE_OBSERVE) {
        layer->values[LAYER_MODE] = kinds[p->mode];
        layer->set |= 1u << LAYER_MODE;
    }
    if (p->percent >= 1 && p->percent <= 100) {
        layer->values[LAYER_PERCENT] = (uint64_t)p->percent;
        layer->set |= 1u << LAYER_PERCENT;
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
        if (n == SWRCACHE_UNSET || (n == 0 && setting_rows[s].kind == SETTING_SHARE))
            continue;
        if (value_of(&setting_rows[s], n, &said.values[s]))
            said.set |= 1u << s;
        else
            option_complain("%s: .%s%s = %lld is out of range; ignored", who, setting_rows[s].name,
                            setting_rows[s].kind == SETTING_TIME ? "_ms" : "", (long long)n);
    }
    *layer = said;
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
    return unit_count(text, value) && setting_fits(row, *value);
}

const char *setting_form(const struct setting_row *row)
{
    static const char *const forms[] = {[SETTING_TIME] = "a time such as 250ms, 20s, 5m, 1h, inf",
                                        [SETTING_COUNT] = "a number or inf",
                                        [SETTING_PERCENT] = "a number from 0 to 100",
                                        [SETTING_SHARE] = "a number from 1 to 100",
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
