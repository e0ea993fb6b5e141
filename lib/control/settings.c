#include "settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/unit.h"
#include "reply.h"
#include "request.h"
#include "runtime/cache.h"
#include "runtime/option.h"

enum setting_kind { TIME, COUNT, PERCENT, SIZE };
static const struct setting {
    const char *name;
    enum setting_kind kind;
    size_t offset, annotated;
} settings[] = {
#define SETTING(name, kind, field, help)                                                                     \
    {#name, kind, offsetof(struct settings, name), offsetof(struct swrcache_policy, field)},
#include "setting.def"
#undef SETTING
};
enum { SETTINGS = sizeof settings / sizeof settings[0] };
/* Bit i: settings[i] was set by a command. The control thread's alone. */
static uint32_t changed[FUNCTIONS_MAX];

static _Atomic uint64_t *setting_of(struct function *f, const struct setting *s)
{
    return (_Atomic uint64_t *)(void *)((char *)&f->settings + s->offset);
}

void settings_fields(struct wire_buffer *out, struct function *f)
{
    for (uint32_t s = 0; s < SETTINGS; s++) {
        char name[40];
        uint64_t value = atomic_load(setting_of(f, &settings[s]));
        int64_t annotated;
        memcpy(&annotated, (const char *)&f->annotated + settings[s].annotated, sizeof annotated);
        snprintf(name, sizeof name, "%s%s", settings[s].name, settings[s].kind == TIME ? "_ms" : "");
        if (settings[s].kind == TIME)
            reply_ms(out, name, value);
        else if (value >= INT64_MAX)
            wire_field(out, name, "inf");
        else
            wire_number(out, name, value);
        snprintf(name, sizeof name, "%s_from", settings[s].name);
        wire_field(out, name,
                   changed[function_number(f)] >> s & 1 ? "set"
                   : annotated != SWRCACHE_UNSET        ? "annotation"
                                                        : "default");
    }
}

static bool setting_parse(const struct setting *s, const char *text, uint64_t *value)
{
    char *end;
    if (s->kind == TIME)
        return unit_duration(text, value);
    if (s->kind == SIZE)
        return unit_size(text, value);
    *value = UINT64_MAX;
    if (s->kind == COUNT && strcmp(text, "inf") == 0)
        return true;
    errno = 0;
    *value = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == 0 && errno == 0 &&
           (s->kind != PERCENT || *value <= 100);
}

void command_set(const struct wire_line *request, struct wire_buffer *out)
{
    uint64_t values[SETTINGS];
    uint32_t given = 0, at = 0, found = 0;
    const char *name = wire_get(request, "function");
    char text[ERROR_TEXT];
    struct function *f;
    if (name == NULL) {
        reply_error(out, "no function; write set function=NAME ttl=20s");
        return;
    }
    for (uint32_t i = 0; i < request->nfields; i++) {
        uint32_t s = 0;
        if (strcmp(request->fields[i].name, "function") == 0)
            continue;
        while (s < SETTINGS && strcmp(settings[s].name, request->fields[i].name) != 0)
            s++;
        if (s == SETTINGS) {
            int n = snprintf(text, sizeof text, "no setting %.100s; there are:", request->fields[i].name);
            for (s = 0; s < SETTINGS; s++)
                n += snprintf(text + n, sizeof text - (size_t)n, " %s", settings[s].name);
            reply_error(out, "%s", text);
            return;
        }
        if (!setting_parse(&settings[s], request->fields[i].value, &values[s])) {
            static const char *const forms[] = {"a time such as 250ms, 20s, 5m, 1h, inf", "a number or inf",
                                                "a number from 0 to 100", "a size such as 64M, 1G, inf"};
            reply_error(out, "%s=%.100s: write %s", settings[s].name, request->fields[i].value,
                        forms[settings[s].kind]);
            return;
        }
        given |= 1u << s;
    }
    if (given == 0) {
        reply_error(out, "no setting; write set function=%.100s ttl=20s", name);
        return;
    }
    for (; (f = request_function(name, &at)) != NULL; found++) {
        for (uint32_t s = 0; s < SETTINGS; s++)
            if (given >> s & 1)
                atomic_store(setting_of(f, &settings[s]), values[s]);
        changed[at - 1] |= given;
        cache_retune(f);
    }
    if (found == 0) {
        request_unknown(out, name);
        return;
    }
    reply_ok(out);
    wire_number(out, "matched", found);
}

void command_mode(const struct wire_line *request, struct wire_buffer *out)
{
    const char *name = wire_get(request, "function"), *mode = wire_get(request, "mode");
    uint32_t at = 0, found = 0;
    struct function *f;
    bool on = mode != NULL && strcmp(mode, "on") == 0;
    if (name == NULL || mode == NULL || (!on && strcmp(mode, "off") != 0)) {
        reply_error(out, "mode takes a function and on or off");
        return;
    }
    for (; (f = request_function(name, &at)) != NULL; found++)
        atomic_store(&f->mode, on ? FUNCTION_ON : FUNCTION_OFF);
    if (found == 0) {
        request_unknown(out, name);
        return;
    }
    reply_ok(out);
    wire_number(out, "matched", found);
}
