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

/* As a person would write it. */
static const char *value_text(uint32_t s, uint64_t value, char *text, size_t room)
{
    static const struct {
        uint64_t ns;
        const char *unit;
    } times[] = {{86400000 * NS_PER_MS, "d"},
                 {3600000 * NS_PER_MS, "h"},
                 {60000 * NS_PER_MS, "m"},
                 {1000 * NS_PER_MS, "s"},
                 {NS_PER_MS, "ms"}};
    enum setting_kind kind = setting_rows[s].kind;
    if (value == CLOCK_NEVER || (kind != SETTING_TIME && value >= INT64_MAX)) {
        snprintf(text, room, "inf");
    } else if (kind == SETTING_TIME && value != 0) {
        uint32_t t = 0;
        while (t < sizeof times / sizeof *times - 1 && value % times[t].ns != 0)
            t++;
        snprintf(text, room, "%llu%s", (unsigned long long)(value / times[t].ns), times[t].unit);
    } else if (kind == SETTING_SIZE && value != 0 && value % 1024 == 0) {
        uint32_t power = 0;
        for (; power < 3 && value % 1024 == 0; power++)
            value /= 1024;
        snprintf(text, room, "%llu%c", (unsigned long long)value, " KMG"[power]);
    } else {
        snprintf(text, room, "%llu", (unsigned long long)value);
    }
    return text;
}

/* What changed, of each setting that was given or taken back. */
static void change_record(struct wire_buffer *out, const char *who, uint32_t s, const char *before,
                          const char *after)
{
    wire_field(out, "function", who);
    wire_field(out, "setting", setting_rows[s].name);
    wire_field(out, "before", before);
    wire_field(out, "after", after);
    wire_end(out);
}

static bool concerns(const struct change *c, uint32_t s)
{
    return ((c->layer.set | c->unset) >> s & 1) != 0;
}

/* Of a region what it says itself: its functions may have their own. */
static void region_records(struct wire_buffer *out, const char *name, const struct setting_layer *before,
                           const struct change *c)
{
    char who[ERROR_TEXT], was[32], now[32];
    snprintf(who, sizeof who, "region:%.200s", name);
    for (uint32_t s = 0; s < SETTINGS; s++)
        if (concerns(c, s))
            change_record(out, who, s,
                          before->set >> s & 1 ? value_text(s, before->values[s], was, sizeof was) : unset,
                          c->layer.set >> s & 1 ? value_text(s, c->layer.values[s], now, sizeof now) : unset);
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
        region_records(out, name, &r->set, c);
        retune_begin();
        setting_change(&r->set, &c->layer, c->unset);
        region_retune(r);
        retune_end();
        region_free_functions(region_functions(r, &count), count);
        if (c->layer.set == 0)
            region_release(r); /* else it is kept for good, as what was said of it */
    }
    reply_ok(out);
    wire_number(out, "matched", count);
    snprintf(text, sizeof text, "no region %.100s here", name);
    if (r == NULL)
        wire_field(out, "why", text);
    else if (count == 0)
        wire_field(out, "why", "no function there yet; those to come begin so");
}

static void change_function(struct function *f, const struct change *c, struct wire_buffer *out)
{
    uint64_t before[SETTINGS];
    char was[32], now[32];
    for (uint32_t s = 0; s < SETTINGS; s++)
        before[s] = setting_of(f, (enum setting)s);
    retune_begin();
    setting_change(&f->set, &c->layer, c->unset);
    setting_resolve(f);
    cache_retune(f);
    retune_end();
    for (uint32_t s = 0; s < SETTINGS; s++)
        if (concerns(c, s))
            change_record(out, f->site->name, s, value_text(s, before[s], was, sizeof was),
                          value_text(s, setting_of(f, (enum setting)s), now, sizeof now));
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
        change_function(f, &c, out);
        if (c.layer.set == 0)
            function_release(f); /* else kept for good, likewise */
    }
    if (found == 0) {
        request_unknown(out, name);
        return;
    }
    reply_ok(out);
    wire_number(out, "matched", found);
}
