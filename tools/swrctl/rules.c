#define _GNU_SOURCE
#include "rules.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void rules_start(struct rules *rules)
{
    *rules = (struct rules){0};
}

void rules_free(struct rules *rules)
{
    free(rules->list);
    free(rules->origins);
    for (size_t i = 0; i < rules->npresets; i++)
        free(rules->presets[i]);
    free(rules->presets);
}

void rules_complain(struct rules *rules, const struct rule_origin *origin, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (origin->file != NULL && origin->line == 0)
        fprintf(stderr, "swrctl: %s: ", origin->file);
    else if (origin->file != NULL)
        fprintf(stderr, "swrctl: %s:%u:%u: ", origin->file, origin->line, origin->column);
    else
        fputs("swrctl: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    rules->wrong++;
}

static void *grown(void *list, size_t count, size_t size)
{
    void *more = reallocarray(list, count, size);
    if (more == NULL) {
        fputs("swrctl: no memory\n", stderr);
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
        rules_add(rules, &d, &origin);
        return;
    }
    rules_complain(rules, &origin, "--wrap, column %zu: %s", error.column + 1, error.text);
    fprintf(stderr, "  %s\n  %*s^\n", text, (int)error.column, "");
}

bool rules_preset(struct rules *rules, const char *name)
{
    for (const char *c = name; *c != 0; c++)
        if (strchr("abcdefghijklmnopqrstuvwxyz0123456789-", *c) == NULL)
            return false;
    if (name[0] == 0)
        return false;
    rules->presets = grown(rules->presets, rules->npresets + 1, sizeof *rules->presets);
    rules->presets[rules->npresets] = strdup(name);
    return rules->presets[rules->npresets++] != NULL;
}
