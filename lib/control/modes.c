#include "modes.h"
#include "reply.h"
#include "request.h"
#include "runtime/verb/target_check.h"
#include "runtime/compute/digest.h"
#include "runtime/registry/difference.h"
#include "runtime/registry/region.h"
#include "base/clock.h"
#include "base/unit.h"

#include <stdio.h>
#include <string.h>

/* Which answer was wrong last, and how. */
static void difference_fields(struct wire_buffer *out, struct function *f)
{
    struct difference d;
    if (!difference_last(f, &d))
        return;
    wire_field(out, "differed_key", d.key);
    wire_field(out, "differed_kept", d.kept);
    wire_field(out, "differed_given", d.given);
    wire_number(out, "differed_age_ms", d.age / NS_PER_MS);
}

void mode_fields(struct wire_buffer *out, struct function *f)
{
    uint64_t word = mode_of(f);
    char from[160];
    mode_source(f, from, sizeof from);
    wire_field(out, "mode", mode_names[mode_kind(word)]);
    wire_field(out, "mode_from", from);
    wire_number(out, "percent", mode_percent(word));
    difference_fields(out, f);
    if (word >> MODE_RETURN == 0)
        return;
    wire_number(out, "mode_left_ms", mode_left(word));
    wire_field(out, "mode_then", mode_names[mode_kind(mode_then(word))]);
    wire_number(out, "percent_then", mode_percent(mode_then(word)));
}

/* "on 10%, off in 20 s" and the like. */
static void word_text(uint64_t word, char *text, size_t room)
{
    int n = snprintf(text, room, "%s", mode_names[mode_kind(word)]);
    if (mode_percent(word) != MODE_ALL)
        n += snprintf(text + n, room - (size_t)n, " %u%%", mode_percent(word));
    if (word >> MODE_RETURN != 0)
        snprintf(text + n, room - (size_t)n, ", %s in %llu s", mode_names[mode_kind(mode_then(word))],
                 (unsigned long long)((mode_left(word) + 999) / 1000));
}

/* `wish` NULL: the mode that the program gives it. */
static void change_mode(struct function *f, const struct mode_wish *wish, struct wire_buffer *out)
{
    char before[80], after[80];
    word_text(mode_of(f), before, sizeof before);
    if (wish != NULL)
        mode_set(f, wish);
    else
        mode_unset(f);
    word_text(mode_of(f), after, sizeof after);
    wire_field(out, "function", f->site->name);
    wire_field(out, "setting", "mode");
    wire_field(out, "before", before);
    wire_field(out, "after", after);
    wire_end(out);
}

/* What is wrong is told. */
static bool wish_of(const struct wire_line *request, struct mode_wish *wish, struct wire_buffer *out)
{
    const char *mode = wire_get(request, "mode"), *span = wire_get(request, "for");
    const char *part = wire_get(request, "percent");
    uint64_t percent = MODE_ALL;
    *wish = (struct mode_wish){.span = CLOCK_NEVER};
    if (mode == NULL || !mode_named(mode, &wish->kind))
        reply_error(out, "mode=%.40s: write " MODE_FORM ", or " MODE_UNSET " for what the program says",
                    mode != NULL ? mode : "");
    else if (span != NULL && (!unit_duration(span, &wish->span) || wish->span < NS_PER_MS))
        reply_error(out, "for=%.40s: write a time such as 10m, 20s, 1h", span);
    else if (part != NULL && !mode_percent_of(part, &percent))
        reply_error(out, "percent=%.40s: write " MODE_PERCENT_FORM, part);
    else if (wish->kind == FUNCTION_OFF && percent != MODE_ALL)
        reply_error(out, "percent goes with on, shadow and observe; off is of every key");
    else {
        wish->percent = (uint32_t)percent;
        return true;
    }
    return false;
}

/* Of all functions in a region, or of the process. */
static void set_many(struct region *r, const struct mode_wish *wish, struct wire_buffer *out)
{
    char names[ERROR_TEXT] = "";
    uint32_t count = wish != NULL ? mode_set_all(r, wish) : mode_unset_all(r), n = 0;
    reply_ok(out);
    wire_number(out, "matched", count);
    struct function *f;
    for (uint32_t at = 0; wish != NULL && wish->kind == FUNCTION_SHADOW && n < sizeof names &&
                          (f = function_next(&at)) != NULL;
         function_release(f)) {
        if (!function_comparable(f) && (r == NULL || region_within(f->region, r)))
            n += (uint32_t)snprintf(names + n, sizeof names - n, "%s%s", n != 0 ? " " : "", f->site->name);
    }
    if (n != 0) {
        wire_field(out, "left_out", names);
        wire_field(out, "left_out_why", FUNCTION_INCOMPARABLE);
    }
    if (count == 0)
        wire_field(out, "why",
                   n != 0 ? FUNCTION_INCOMPARABLE : "no function there yet; those to come begin so");
}

static void set_region(const char *name, const struct mode_wish *wish, struct wire_buffer *out)
{
    struct region *r = region_of(name, true);
    if (r != NULL)
        set_many(r, wish, out);
    else
        reply_error(out, "%.100s: write letters, digits, _ and - between dots after region:", name);
}

static void set_one(const char *name, const struct mode_wish *wish, struct wire_buffer *out)
{
    uint32_t at = 0, found = 0;
    struct function *f;
    while ((f = request_function(name, &at)) != NULL) {
        if (f->dictionary || (wish != NULL && wish->kind == FUNCTION_SHADOW && !function_comparable(f))) {
            reply_error(out, "%.100s: %s%s", name,
                        f->dictionary ? "a dictionary, of which nothing is called; it has no mode"
                                      : function_incomparable(f),
                        f->dictionary ? "" : "; observe counts its calls");
            function_release(f);
            return;
        }
        change_mode(f, wish, out);
        function_release(f);
        found++;
    }
    if (found == 0 && target_check_is_writer(name)) {
        reply_error(out, "%.100s is a writer: it always runs; modes are of cached functions", name);
        return;
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
    struct mode_wish wish, *wished = mode != NULL && strcmp(mode, MODE_UNSET) == 0 ? NULL : &wish;
    if (name == NULL)
        reply_error(out, "no function; write mode function=NAME mode=shadow");
    else if (wished == NULL && request->nfields != 2)
        reply_error(out, "mode=" MODE_UNSET
                         " stands alone: the mode that the program gives has its own percent and no end");
    else if (wished != NULL && !wish_of(request, &wish, out))
        return;
    else if (strncmp(name, "region:", 7) == 0)
        set_region(name + 7, wished, out);
    else if (strcmp(name, "all") == 0)
        set_many(NULL, wished, out);
    else
        set_one(name, wished, out);
}
