#include "settings.h"
#include "reply.h"
#include "request.h"
#include "runtime/cache/cache.h"
#include "runtime/cache/retune.h"
#include "runtime/registry/region.h"
#include "runtime/registry/resolve.h"
#include "runtime/setting/option.h"
#include "base/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* In place of a value: what the program, its environment or a file says counts again. */
static const char unset[] = "unset";

struct change {
    struct setting_layer layer;
    uint32_t unset; /* bit i: setting i */
};

/* False: told. */
static bool read_change(const struct wire_line *request, struct change *c, struct wire_buffer *out)
{
    char names[SETTING_NAMES_ROOM];
    for (uint32_t i = 0; i < request->nfields; i++) {
        const char *name = request->fields[i].name, *value = request->fields[i].value;
        uint32_t s = 0;
        if (strcmp(name, "function") == 0)
            continue;
        while (s < SETTINGS && strcmp(setting_rows[s].name, name) != 0)
            s++;
        if (s == SETTINGS) {
            reply_error(out, "no setting %.100s; there are:%s", name, setting_names(names));
            return false;
        }
        bool away = strcmp(value, unset) == 0;
        if (!away && !setting_parse(&setting_rows[s], value, &c->layer.values[s])) {
            reply_error(out, "%s=%.100s: write %s, or %s for what the program says", setting_rows[s].name,
                        value, setting_form(&setting_rows[s]), unset);
            return false;
        }
        /* Said twice, the last counts. */
        c->layer.set = (c->layer.set & ~(1u << s)) | (uint32_t)!away << s;
        c->unset = (c->unset & ~(1u << s)) | (uint32_t)away << s;
    }
    return true;
}

static void change_region(const char *name, const struct change *c, struct wire_buffer *out)
{
    char text[ERROR_TEXT];
    size_t count = 0;
    if (!region_valid(name)) {
        reply_error(out, "region:%.100s: write letters, digits, _ and - between dots after region:", name);
        return;
    }
    /* Made for the functions that will be in it; to take back what was never said, none is. */
    struct region *r = region_of(name, c->layer.set != 0);
    if (r == NULL && c->layer.set != 0) {
        reply_error(out, "no memory");
        return;
    }
    if (r != NULL) {
        setting_change(&r->set, &c->layer, c->unset);
        region_retune(r);
        os_free(region_functions(r, &count));
    }
    reply_ok(out);
    wire_number(out, "matched", count);
    snprintf(text, sizeof text, "no region %.100s here", name);
    if (r == NULL)
        wire_field(out, "why", text);
}

void command_set(const struct wire_line *request, struct wire_buffer *out)
{
    struct change c = {0};
    uint32_t at = 0, found = 0;
    const char *name = wire_get(request, "function");
    struct function *f;
    if (name == NULL) {
        reply_error(out, "no function; write set function=NAME ttl=20s");
        return;
    }
    if (!read_change(request, &c, out))
        return;
    if ((c.layer.set | c.unset) == 0) {
        reply_error(out, "no setting; write set function=%.100s ttl=20s", name);
        return;
    }
    if (strncmp(name, "region:", 7) == 0) {
        change_region(name + 7, &c, out);
        return;
    }
    for (; (f = request_function(name, &at)) != NULL; found++) {
        setting_change(&f->set, &c.layer, c.unset);
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
