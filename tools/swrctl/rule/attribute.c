#include "declaration.h"

#include "base/unit.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum setting_kind { TIME, COUNT, PERCENT, SHARE, SIZE };

static const struct setting {
    const char *name;
    enum setting_kind kind;
    size_t offset;
} settings[] = {
#define SETTING(name, kind, field, value, help) {#name, kind, offsetof(struct swrcache_policy, field)},
#include "runtime/setting/setting.def"
#undef SETTING
};

enum attribute {
#define ATTRIBUTE(name, value, help) ATTRIBUTE_##name,
#include "attribute.def"
#undef ATTRIBUTE
    ATTRIBUTES
};

static const char *const attributes[] = {
#define ATTRIBUTE(name, value, help) #name,
#include "attribute.def"
#undef ATTRIBUTE
};

static const char *const values[] = {
#define ATTRIBUTE(name, value, help) value,
#include "attribute.def"
#undef ATTRIBUTE
};

#define LENGTH(array) (sizeof(array) / sizeof *(array))
_Static_assert(LENGTH(settings) + ATTRIBUTES <= sizeof(unsigned) * 8, "a bit for each");

static bool fail(struct declaration_error *error, size_t column, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool fail(struct declaration_error *error, size_t column, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    error->column = column;
    vsnprintf(error->text, sizeof error->text, format, args);
    va_end(args);
    return false;
}

static bool set_setting(const struct setting *s, const char *value, struct declaration *d,
                        struct declaration_error *error)
{
    uint64_t n;
    int64_t result;
    size_t column = strlen(s->name) + 1;
    switch (s->kind) {
    case TIME:
        if (!unit_duration(value, &n))
            return fail(error, column, "%s=%.40s is no duration; write 250ms, 20s, 5m, 1h or inf%s", s->name,
                        value, strchr(value, '=') != NULL ? ", and a blank before what follows" : "");
        if (n != UINT64_MAX && n % 1000000 != 0)
            return fail(error, column, "%s=%.40s: times are whole milliseconds", s->name, value);
        result = n == UINT64_MAX ? SWR_FOREVER : (int64_t)(n / 1000000);
        break;
    case SIZE:
        if (!unit_size(value, &n))
            return fail(error, column, "%s=%.40s is no size; write 64K, 16M or 1G", s->name, value);
        result = n > INT64_MAX ? INT64_MAX : (int64_t)n;
        break;
    default:
        if (!unit_count(value, &n) || n > INT64_MAX)
            return fail(error, column, "%s=%.40s is no number", s->name, value);
        if (s->kind == PERCENT && n > 100)
            return fail(error, column, "%s=%.40s: a percentage is from 0 to 100", s->name, value);
        if (s->kind == SHARE && (n < 1 || n > 100))
            return fail(error, column, "%s=%.40s: write a number from 1 to 100", s->name, value);
        result = (int64_t)n;
    }
    memcpy((char *)&d->policy + s->offset, &result, sizeof result);
    return true;
}

/* Which of "a|b|c" the value is; -1: none. */
static int choice(const char *choices, const char *value)
{
    size_t len = strlen(value);
    for (int i = 0; len != 0; i++) {
        size_t n = strcspn(choices, "|");
        if (n == len && memcmp(choices, value, len) == 0)
            return i;
        if (choices[n] == 0)
            break;
        choices += n + 1;
    }
    return -1;
}

bool declaration_name(const char *name, bool region)
{
    for (const char *part = name;; part++) {
        size_t n = strspn(part, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
        if (n == 0 || (part[n] == '.' && !region))
            return false;
        part += n;
        if (*part != '.')
            return *part == 0;
    }
}

static bool keep(enum attribute a, const char *value, char *to, size_t room, struct declaration_error *error)
{
    size_t column = strlen(attributes[a]) + 1;
    if (value[0] == 0)
        return fail(error, column, "%s= needs a value: %s", attributes[a], values[a]);
    if (strlen(value) >= room)
        return fail(error, column, "the value of %s is longer than %zu characters", attributes[a], room - 1);
    if (values[a][0] != '"' && strpbrk(value, " \t/") != NULL)
        return fail(error, column, "%s=%.80s: a %s, without %s", attributes[a], value,
                    a == ATTRIBUTE_lib || a == ATTRIBUTE_from ? "file name" : "name",
                    strchr(value, '/') != NULL ? "a directory" : "blanks");
    if (a == ATTRIBUTE_region && !declaration_name(value, true))
        return fail(error, column, "region=%.80s: " DECLARATION_REGION, value);
    if (values[a][0] == '"' && strchr(value, '"') != NULL)
        return fail(error, column, "%s=%.80s: names separated by blanks, without quotes", attributes[a],
                    value);
    strcpy(to, value);
    return true;
}

static bool set_percent(const char *value, struct declaration *d, struct declaration_error *error)
{
    uint64_t n;
    if (!unit_count(value, &n) || n < 1 || n > 100)
        return fail(error, strlen("percent="), "percent=%.40s: write a number from 1 to 100", value);
    d->policy.percent = (int)n;
    return true;
}

static bool set_attribute(enum attribute a, const char *value, struct declaration *d,
                          struct declaration_error *error)
{
    int chosen = 0;
    if (strchr(values[a], '|') != NULL && (chosen = choice(values[a], value)) < 0)
        return fail(error, strlen(attributes[a]) + 1, "%s=%.40s: write one of %s", attributes[a], value,
                    values[a]);
    switch (a) {
    case ATTRIBUTE_fails:
        d->policy.fails = (enum swrcache_fails)chosen;
        return true;
    case ATTRIBUTE_refresh:
        d->policy.refresh = (enum swrcache_refresh)chosen;
        return true;
    case ATTRIBUTE_secret:
        d->policy.secret = chosen == 0;
        return true;
    case ATTRIBUTE_mode:
        d->policy.mode = (enum swrcache_mode)(SWR_MODE_ON + chosen);
        return true;
    case ATTRIBUTE_percent:
        return set_percent(value, d, error);
    case ATTRIBUTE_region:
        return keep(a, value, d->region, sizeof d->region, error);
    case ATTRIBUTE_tags:
        return keep(a, value, d->tags, sizeof d->tags, error);
    case ATTRIBUTE_invalidate_on:
        return keep(a, value, d->invalidate_on, sizeof d->invalidate_on, error);
    case ATTRIBUTE_expire_on:
        return keep(a, value, d->expire_on, sizeof d->expire_on, error);
    case ATTRIBUTE_lib:
        return keep(a, value, d->library, sizeof d->library, error);
    case ATTRIBUTE_version:
        return keep(a, value, d->version, sizeof d->version, error);
    case ATTRIBUTE_from:
        return keep(a, value, d->from, sizeof d->from, error);
    case ATTRIBUTES:
        break;
    }
    return false;
}

static bool twice(struct declaration *d, size_t bit)
{
    bool again = d->said >> bit & 1;
    d->said |= 1u << bit;
    return again;
}

/* False: no setting of that name; else *good. */
static bool is_setting(const char *name, const char *value, struct declaration *d,
                       struct declaration_error *error, bool *good)
{
    for (size_t i = 0; i < LENGTH(settings); i++)
        if (strcmp(settings[i].name, name) == 0) {
            *good = twice(d, i) ? fail(error, 0, "%s is said twice", name)
                                : set_setting(&settings[i], value, d, error);
            return true;
        }
    return false;
}

static bool is_attribute(const char *name, const char *value, struct declaration *d,
                         struct declaration_error *error, bool *good)
{
    for (size_t i = 0; i < ATTRIBUTES; i++)
        if (strcmp(attributes[i], name) == 0) {
            *good = twice(d, LENGTH(settings) + i) ? fail(error, 0, "%s is said twice", name)
                                                   : set_attribute((enum attribute)i, value, d, error);
            return true;
        }
    return false;
}

bool declaration_setting(const char *name, const char *value, struct declaration *d,
                         struct declaration_error *error)
{
    static const char *const more[] = {"invalidate_on", "expire_on", "mode", "percent"};
    bool good, beside = false;
    for (size_t i = 0; i < LENGTH(more); i++)
        beside |= strcmp(name, more[i]) == 0;
    if (is_setting(name, value, d, error, &good))
        return good;
    if (beside && is_attribute(name, value, d, error, &good))
        return good && (strpbrk(value, "\";") == NULL ||
                        fail(error, 1, "%s=%.40s: names of events separated by blanks", name, value));
    char known[240] = "";
    for (size_t i = 0; i < LENGTH(settings); i++)
        snprintf(known + strlen(known), sizeof known - strlen(known), " %s", settings[i].name);
    return fail(error, 0, "no setting '%.24s'; there are%s invalidate_on expire_on mode percent", name,
                known);
}

bool declaration_attribute(const char *name, const char *value, struct declaration *d,
                           struct declaration_error *error)
{
    bool good;
    if (is_setting(name, value, d, error, &good) || is_attribute(name, value, d, error, &good))
        return good;
    char known[240] = "";
    for (size_t i = 0; i < LENGTH(settings) + ATTRIBUTES; i++) {
        const char *word = i < LENGTH(settings) ? settings[i].name : attributes[i - LENGTH(settings)];
        snprintf(known + strlen(known), sizeof known - strlen(known), " %s", word);
    }
    return fail(error, 0, "no attribute '%.24s'; there are%s", name, known);
}

bool declaration_check(const struct declaration *d, struct declaration_error *error)
{
    bool number = d->result == DECLARED_SCALAR;
    bool outs = false;
    for (uint32_t i = 0; i < d->nparams; i++)
        outs |= d->params[i].kind == SWRCACHE_KIND_OUT || d->params[i].kind == SWRCACHE_KIND_OUT_BYTES;
    if (d->result == DECLARED_VOID && !outs)
        return fail(error, 0, "'%s' gives nothing that could be remembered: no result, no out-parameter",
                    d->name);
    switch (d->policy.fails) {
    case SWR_FAILS_NULL:
        if (number || d->result == DECLARED_VOID)
            return fail(error, 0, "fails=null is for str and cstr, and '%s' gives %s", d->name,
                        d->result_type);
        break;
    case SWR_FAILS_NEGATIVE:
        if (!number || d->result_cls == SWRCACHE_CLASS_UINT || d->result_cls == SWRCACHE_CLASS_BOOL)
            return fail(error, 0, "fails=negative is for signed numbers, and '%s' gives %s", d->name,
                        d->result_type);
        break;
    case SWR_FAILS_NONZERO:
        if (!number)
            return fail(error, 0, "fails=nonzero is for numbers, and '%s' gives %s", d->name, d->result_type);
        break;
    default:
        break;
    }
    return true;
}
