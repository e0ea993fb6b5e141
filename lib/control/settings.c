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
#include "runtime/region.h"

void settings_fields(struct wire_buffer *out, struct function *f)
{
    for (uint32_t s = 0; s < SETTINGS; s++) {
        const struct setting_row *row = &setting_rows[s];
        char name[40], from[160];
        uint64_t value = setting_of(f, (enum setting)s);
        snprintf(name, sizeof name, "%s%s", row->name, row->kind == SETTING_TIME ? "_ms" : "");
        if (row->kind == SETTING_TIME)
            reply_ms(out, name, value);
        else if (value >= INT64_MAX)
            wire_field(out, name, "inf");
        else
            wire_number(out, name, value);
        snprintf(name, sizeof name, "%s_from", row->name);
        setting_source(f, s, from, sizeof from);
        wire_field(out, name, from);
    }
}

static void change(struct setting_layer *layer, uint32_t given, const uint64_t *values)
{
    for (uint32_t s = 0; s < SETTINGS; s++)
        if (given >> s & 1)
            layer->values[s] = values[s];
    layer->given |= given;
}

void command_set(const struct wire_line *request, struct wire_buffer *out)
{
    uint64_t values[SETTINGS];
    uint32_t given = 0, at = 0, found = 0;
    const char *name = wire_get(request, "function");
    char names[SETTING_NAMES_ROOM];
    struct function *f;
    if (name == NULL) {
        reply_error(out, "no function; write set function=NAME ttl=20s");
        return;
    }
    for (uint32_t i = 0; i < request->nfields; i++) {
        uint32_t s = 0;
        if (strcmp(request->fields[i].name, "function") == 0)
            continue;
        while (s < SETTINGS && strcmp(setting_rows[s].name, request->fields[i].name) != 0)
            s++;
        if (s == SETTINGS) {
            reply_error(out, "no setting %.100s; there are:%s", request->fields[i].name,
                        setting_names(names));
            return;
        }
        if (!setting_parse(&setting_rows[s], request->fields[i].value, &values[s])) {
            reply_error(out, "%s=%.100s: write %s", setting_rows[s].name, request->fields[i].value,
                        setting_form(&setting_rows[s]));
            return;
        }
        given |= 1u << s;
    }
    if (given == 0) {
        reply_error(out, "no setting; write set function=%.100s ttl=20s", name);
        return;
    }
    if (strncmp(name, "region:", 7) == 0) {
        struct region *r = region_of(name + 7, true);
        size_t count;
        if (r == NULL) {
            reply_error(out, "%.100s: write letters, digits, _ and - between dots after region:", name);
            return;
        }
        change(&r->set, given, values);
        region_retune(r);
        os_free(region_functions(r, &count));
        reply_ok(out);
        wire_number(out, "matched", count);
        return;
    }
    for (; (f = request_function(name, &at)) != NULL; found++) {
        change(&f->set, given, values);
        setting_resolve(f);
        cache_retune(f);
    }
    if (found == 0) {
        request_unknown(out, name);
        return;
    }
    reply_ok(out);
    wire_number(out, "matched", found);
}
