/*
 * rules.h - all the rules of one run: from the command line and from files, each known by where it was said.
 */
#ifndef SWRCTL_RULES_H
#define SWRCTL_RULES_H

#include "declaration.h"

/* After so many mistakes nobody reads on. */
enum { RULES_WRONG_SHOWN = 20 };

struct rule_origin {
    const char *file; /* NULL: the command line */
    unsigned line, column;
    const char *text; /* what --wrap said there; NULL: something else did */
};

struct rules {
    struct declaration *list;
    struct rule_origin *origins;
    size_t count, room;
    const char **presets; /* names, in their order */
    size_t npresets;
    char
        *settings; /* of regions and of functions in the program, as SWR_FILE_SETTINGS has them; NULL: none */
    size_t settings_len, settings_room;
    size_t nsettings; /* for so many of them */
    unsigned wrong;   /* how many were told of and left out */
};

void rules_start(struct rules *rules);
void rules_free(struct rules *rules);

/* Each mistake is told on standard error with its place and cure, counted, and its rule left out. */
void rules_declaration(struct rules *rules, const char *text);
void rules_file(struct rules *rules, const char *path);
/* The same of what a file holds. */
void rules_text(struct rules *rules, const char *path, const char *text);
#define RULES_PRESETS "there is one preset, names"
/* False: there is no such preset. */
bool rules_preset(struct rules *rules, const char *name);
void rules_add(struct rules *rules, const struct declaration *d, const struct rule_origin *origin);

/* Begins what is set for `target`, and adds to it. */
void rules_target(struct rules *rules, const char *target);
void rules_setting(struct rules *rules, const char *name, const char *value);

/* As reallocarray(3); the tool ends without memory. */
void *grown(void *list, size_t count, size_t size);

/* One line: FILE:LINE:COLUMN, or --wrap and what it said. */
void rules_complain(struct rules *rules, const struct rule_origin *origin, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
