#define _GNU_SOURCE
#include "rules.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "terminal/text.h"

void rules_start(struct rules *rules)
{
    *rules = (struct rules){0};
}

void rules_free(struct rules *rules)
{
    free(rules->list);
    free(rules->origins);
    free(rules->presets);
    free(rules->settings);
}

void rules_complain(struct rules *rules, const struct rule_origin *origin, const char *format, ...)
{
    char text[1024];
    va_list args;
    if (rules->wrong++ >= RULES_WRONG_SHOWN)
        return;
    va_start(args, format);
    if (origin->file != NULL && origin->line == 0)
        text_print(stderr, "swrctl: %s: ", origin->file);
    else if (origin->file != NULL)
        text_print(stderr, "swrctl: %s:%u:%u: ", origin->file, origin->line, origin->column);
    else
        fputs("swrctl: ", stderr);
    if (origin->text != NULL)
        text_print(stderr, "--wrap '%.200s': ", origin->text);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    text_print(stderr, "%s\n", text);
    if (rules->wrong == RULES_WRONG_SHOWN)
        tell("the rest is not looked at");
}

void *grown(void *list, size_t count, size_t size)
{
    void *more = reallocarray(list, count, size);
    if (more == NULL) {
        tell("no memory");
        exit(1);
    }
    return more;
}

void rules_add(struct rules *rules, const struct declaration *d, const struct rule_origin *origin)
{
    if (rules->count == rules->room) {
        rules->room = rules->room * 2 + 4;
        rules->list = grown(rules->list, rules->room, sizeof *rules->list);
        rules->origins = grown(rules->origins, rules->room, sizeof *rules->origins);
    }
    rules->list[rules->count] = *d;
    rules->origins[rules->count++] = *origin;
}

void rules_declaration(struct rules *rules, const char *text)
{
    struct declaration d;
    struct declaration_error error;
    struct rule_origin origin = {0};
    if (declaration_parse(text, &d, &error)) {
        origin.text = text;
        rules_add(rules, &d, &origin);
        return;
    }
    rules_complain(rules, &origin, "--wrap, column %zu: %s", error.column + 1, error.text);
    int before = text_print(stderr, "  %.*s", (int)error.column, text) - 2;
    text_print(stderr, "%s\n  %*s^\n", text + error.column, before, "");
}

bool rules_preset(struct rules *rules, const char *name)
{
    static const char *const known[] = {"names"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i], name) == 0) {
            rules->presets = grown(rules->presets, rules->npresets + 1, sizeof *rules->presets);
            rules->presets[rules->npresets++] = known[i];
            return true;
        }
    return false;
}

static void append(struct rules *rules, const char *text)
{
    size_t len = strlen(text), room = rules->settings_room;
    if (rules->settings_len + len >= room) {
        rules->settings_room = 2 * room + len + 64;
        rules->settings = grown(rules->settings, rules->settings_room, 1);
    }
    memcpy(rules->settings + rules->settings_len, text, len + 1);
    rules->settings_len += len;
}

void rules_target(struct rules *rules, const char *target)
{
    if (rules->nsettings++ != 0)
        append(rules, "; ");
    append(rules, target);
}

void rules_setting(struct rules *rules, const char *name, const char *value)
{
    append(rules, " ");
    append(rules, name);
    append(rules, "=\"");
    append(rules, value);
    append(rules, "\"");
}
