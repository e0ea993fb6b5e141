/* Subcommands that change something. */
#define _GNU_SOURCE
#include "ask.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/unit.h"
#include "terminal/text.h"

static int steer(struct invocation *in, const char *outcome)
{
    struct asking a = {.in = in, .counted = true, .outcome = outcome};
    uint64_t value;
    if (in->older != NULL && !unit_duration(in->older, &value))
        return usage_error("--older-than takes a time such as 5m, not %s", in->older);
    if (in->larger != NULL && !unit_size(in->larger, &value))
        return usage_error("--larger-than takes a size such as 1M, not %s", in->larger);
    ask_start(in->subcommand);
    ask_field("target", in->operands[0]);
    if (in->dry)
        ask_number("dry", 1);
    if (in->older != NULL)
        ask_field("older", in->older);
    if (in->larger != NULL)
        ask_field("larger", in->larger);
    return ask_all(&a);
}

int subcommand_emit(struct invocation *in)
{
    struct asking a = {.in = in, .counted = true, .listeners = true, .outcome = "reached"};
    ask_start("emit");
    ask_field("event", in->operands[0]);
    if (in->dry)
        ask_number("dry", 1);
    return ask_all(&a);
}

int subcommand_invalidate(struct invocation *in)
{
    return steer(in, "invalidated");
}

int subcommand_expire(struct invocation *in)
{
    return steer(in, "expired");
}

int subcommand_refresh(struct invocation *in)
{
    return steer(in, "queued for a refresh");
}

/* What it was and what it is, of one function or region. */
static void show_change(const struct process *p, struct wire_line *record, void *cookie)
{
    static const char *const fields[] = {"function", "setting", "before", "after"};
    const char *values[4];
    struct view *v = cookie;
    for (int i = 0; i < 4; i++)
        if ((values[i] = wire_get(record, fields[i])) == NULL)
            values[i] = "?";
    v->records++;
    text_print(stdout, "%ld (%s): %s %s %s -> %s\n", process_number(p), p->program, values[0], values[1],
               values[2], values[3]);
}

enum kind { TIME, COUNT, PERCENT, SHARE, SIZE };

static const struct setting {
    const char *name;
    enum kind kind;
} settings[] = {
#define SETTING(name, kind, field, value, help) {#name, kind},
#include "runtime/setting/setting.def"
#undef SETTING
};
enum { SETTINGS = sizeof settings / sizeof *settings };

static const struct setting *setting_named(const char *name, size_t len)
{
    for (size_t i = 0; i < SETTINGS; i++)
        if (strlen(settings[i].name) == len && memcmp(settings[i].name, name, len) == 0)
            return &settings[i];
    return NULL;
}

static bool readable(const struct setting *s, const char *text)
{
    uint64_t value;
    if (strcmp(text, "unset") == 0 || (s->kind == COUNT && strcmp(text, "inf") == 0))
        return true;
    return s->kind == TIME ? unit_duration(text, &value)
           : s->kind == SIZE
               ? unit_size(text, &value)
               : unit_count(text, &value) && ((s->kind != PERCENT && s->kind != SHARE) || value <= 100) &&
                     (s->kind != SHARE || value >= 1);
}

/* STATUS_DONE, or wrong usage, told. */
static int take_setting(const char *text)
{
    static const char *const forms[] = {[TIME] = "a time such as 250ms, 20s, 5m, 1h, inf",
                                        [COUNT] = "a number or inf",
                                        [PERCENT] = "a number from 0 to 100",
                                        [SHARE] = "a number from 1 to 100",
                                        [SIZE] = "a size such as 64M, 1G, inf"};
    const char *equal = strchr(text, '=');
    if (equal == NULL || equal == text)
        return usage_error("%s is not NAME=VALUE, such as ttl=20s or ttl=unset", text);
    const struct setting *s = setting_named(text, (size_t)(equal - text));
    if (s == NULL) {
        char names[512] = "";
        for (size_t i = 0, n = 0; i < SETTINGS && n < sizeof names; i++)
            n += (size_t)snprintf(names + n, sizeof names - n, " %s", settings[i].name);
        return usage_error("no setting %.*s; there are:%s", (int)(equal - text), text, names);
    }
    if (!readable(s, equal + 1))
        return usage_error("%s: write %s, or unset for what the program says", text, forms[s->kind]);
    ask_field(s->name, equal + 1);
    return STATUS_DONE;
}

int subcommand_set(struct invocation *in)
{
    struct asking a = {.in = in, .counted = true, .outcome = "", .each = show_change, .for_people = true};
    ask_start("set");
    ask_field("function", in->operands[0]);
    for (int i = 1; i < in->count; i++) {
        int result = take_setting(in->operands[i]);
        if (result != STATUS_DONE)
            return result;
    }
    return ask_all(&a);
}

int subcommand_mode(struct invocation *in)
{
    struct asking a = {.in = in, .counted = true, .outcome = "", .each = show_change, .for_people = true};
    const char *name = in->operands[0], *mode = in->operands[1];
    bool many = strcmp(name, "all") == 0 || strncmp(name, "region:", 7) == 0;
    uint64_t value;
    if (strcmp(mode, "default") == 0)
        mode = "unset";
    if (!mode_known(mode) && strcmp(mode, "unset") != 0)
        return usage_error("mode takes a function and " MODES " (or unset), not %s", mode);
    if (strcmp(mode, "unset") == 0 && (in->span != NULL || in->percent != NULL))
        return usage_error("mode unset takes neither --for nor --percent");
    if (in->span != NULL && (!unit_duration(in->span, &value) || value < 1000000))
        return usage_error("--for takes a time such as 10m, 20s, 1h, not %s", in->span);
    if (in->percent != NULL && (!unit_count(in->percent, &value) || value < 1 || value > 100))
        return usage_error("--percent takes a number from 1 to 100, not %s", in->percent);
    if (in->percent != NULL && strcmp(mode, "off") == 0 && value != 100)
        return usage_error("--percent goes with on, shadow and observe; off is of every key");
    ask_start("mode");
    ask_field("function", name);
    ask_field("mode", mode);
    if (in->span != NULL)
        ask_field("for", in->span);
    if (in->percent != NULL)
        ask_field("percent", in->percent);
    a.changed = many ? mode : NULL;
    return ask_all(&a);
}
