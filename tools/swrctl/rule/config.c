#define _GNU_SOURCE
/*
 * config.c - rules from a file, swrcache-config(5): a section a function, `prototype` first, then attributes;
 * or settings of a region, or of a function that the program itself has cached.
 */
#include "rules.h"
#include "textfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ini.h>

/* A prototype may go on in indented lines; an error's place is looked up in its pieces. */
struct piece {
    size_t start; /* in the prototype put together */
    unsigned line, column;
};

enum { PIECES = 32 };

/* As inih sees them. */
#define BLANKS " \t\r\n\v\f"

struct reading {
    struct rules *rules;
    struct rule_origin at; /* the line in hand */
    const char *text;      /* what is left of the file */
    char raw[1024];        /* that line as it stands in the file */
    struct rule_origin section_at;
    char section[128];
    char prototype[4096];
    struct piece pieces[PIECES];
    size_t npieces;    /* 0: none yet */
    bool in_prototype; /* the last line was of it */
    bool open, parsed, wrong;
    bool settings; /* the section has no prototype */
    struct declaration d;
};

static void complain_at(struct reading *r, unsigned line, unsigned column, const char *text)
{
    struct rule_origin at = {.file = r->at.file, .line = line, .column = column};
    rules_complain(r->rules, &at, "%s", text);
    r->wrong = true;
}

static void complain(struct reading *r, unsigned column, const char *text)
{
    complain_at(r, r->at.line, column, text);
}

static void parse_prototype(struct reading *r)
{
    struct declaration_error error;
    if (r->parsed || r->npieces == 0 || r->wrong)
        return;
    r->parsed = true;
    size_t i = 0;
    if (!declaration_prototype(r->prototype, &r->d, &error)) {
        while (i + 1 < r->npieces && r->pieces[i + 1].start <= error.column)
            i++;
        unsigned beyond = (unsigned)(error.column - r->pieces[i].start);
        complain_at(r, r->pieces[i].line, r->pieces[i].column + beyond, error.text);
    } else if (strcmp(r->d.name, r->section) != 0) {
        struct rule_origin at = {
            .file = r->at.file, .line = r->pieces[0].line, .column = r->pieces[0].column};
        rules_complain(r->rules, &at, "the prototype is of '%s', the section's name is '%s'", r->d.name,
                       r->section);
        r->wrong = true;
    }
}

static void take_prototype(struct reading *r, const char *value, unsigned column)
{
    size_t sofar = strlen(r->prototype);
    if (r->npieces == PIECES || sofar + strlen(value) + 2 > sizeof r->prototype) {
        complain(r, column, "the prototype is too long");
        return;
    }
    r->pieces[r->npieces++] = (struct piece){sofar, r->at.line, column};
    snprintf(r->prototype + sofar, sizeof r->prototype - sofar, "%s ", value);
}

/* The section before the line in hand is whole. */
static void end_section(struct reading *r)
{
    struct declaration_error error;
    if (!r->open)
        return;
    parse_prototype(r);
    r->open = r->in_prototype = false;
    if (r->wrong || r->settings)
        return;
    if (r->npieces == 0)
        rules_complain(r->rules, &r->section_at,
                       "section [%s] has no prototype; write prototype = double %s(str, i32), or "
                       "[function:%s] for a function that the program itself has cached",
                       r->section, r->section, r->section);
    else if (!declaration_check(&r->d, &error))
        rules_complain(r->rules, &r->section_at, "%s", error.text);
    else
        rules_add(r->rules, &r->d, &r->section_at);
}

/* [region:NAME] or [function:NAME]. False: neither. */
static bool start_settings(struct reading *r)
{
    static const char region[] = "region:", function[] = "function:";
    bool of_region = strncmp(r->section, region, sizeof region - 1) == 0;
    size_t skip = of_region ? 0 : sizeof function - 1;
    if (!of_region && strncmp(r->section, function, skip) != 0)
        return false;
    r->settings = true;
    if (!declaration_name(r->section + (of_region ? sizeof region - 1 : skip), of_region))
        complain(r, (unsigned)(of_region ? sizeof region : sizeof function) + 1,
                 of_region ? DECLARATION_REGION : "a function's name: [function:NAME]");
    else {
        rules_target(r->rules, r->section + skip);
        r->open = true;
    }
    r->d = (struct declaration){0};
    return true;
}

static void start_section(struct reading *r, const char *line)
{
    static const char preset[] = "preset ";
    size_t n = strcspn(line + 1, "]");
    end_section(r);
    r->wrong = r->parsed = r->settings = false;
    r->npieces = 0;
    r->prototype[0] = 0;
    r->section_at = r->at;
    r->section_at.column = 1;
    if (line[1 + n] != ']' || n == 0 || n >= sizeof r->section) {
        complain(r, 1,
                 line[1 + n] != ']' ? "']' is missing after the section's name"
                                    : "a section's name is the function's");
        return;
    }
    memcpy(r->section, line + 1, n);
    r->section[n] = 0;
    if (strncmp(r->section, preset, sizeof preset - 1) == 0) {
        if (!rules_preset(r->rules, r->section + sizeof preset - 1))
            complain(r, sizeof preset + 1, RULES_PRESETS);
        return;
    }
    if (start_settings(r))
        return;
    for (size_t i = 0; i < r->rules->count; i++)
        if (r->rules->origins[i].file == r->at.file && strcmp(r->rules->list[i].name, r->section) == 0 &&
            r->rules->list[i].from[0] == 0) {
            complain(r, 1, "a second section for this function; without from= the first takes every call");
            return;
        }
    r->open = true;
}

/* inih asks for a line: what it would not tell precisely is told here. */
static char *next_line(char *line, int room, void *cookie)
{
    struct reading *r = cookie;
    size_t most = (size_t)room < sizeof r->raw ? (size_t)room : sizeof r->raw;
    size_t n = strcspn(r->text, "\n"), end = n + (r->text[n] == '\n');
    if (end == 0 || r->rules->wrong >= RULES_WRONG_SHOWN)
        return NULL;
    r->at.line++;
    snprintf(r->raw, most, "%.*s", (int)end, r->text);
    r->text += end;
    if (n > most - 2) {
        complain(r, (unsigned)most - 1,
                 "the line is too long; a prototype may go on in indented lines below it");
        r->raw[0] = 0;
    }
    const char *first = r->raw + strspn(r->raw, BLANKS);
    if (*first == '[') {
        start_section(r, first);
        if (!r->open)
            first = "";
    } else if (*first != 0 && *first != ';' && *first != '#') {
        const char *equal = strpbrk(first, "=:");
        bool indented = first != r->raw;
        if (indented && !r->in_prototype)
            complain(r, 1, "only a prototype goes on in indented lines; begin this at the margin");
        else if (indented)
            equal = NULL;
        else if (equal == NULL || equal == first)
            complain(r, 1, "expected NAME = VALUE, [FUNCTION] or a comment");
        else if (!r->open && !r->wrong)
            complain(r, 1, "this belongs to no function; begin a section with [FUNCTION]");
        if (indented ? !r->in_prototype : equal == NULL || equal == first)
            first = "";
    }
    snprintf(line, (size_t)room, "%s", *first != 0 ? r->raw : "\n");
    return line;
}

static int take(void *cookie, const char *section, const char *name, const char *value)
{
    struct reading *r = cookie;
    struct declaration_error error = {0};
    bool again = strspn(r->raw, BLANKS) != 0; /* inih gives a line that goes on under the same name */
    const char *from = again ? r->raw : strpbrk(r->raw, "=:") + 1;
    unsigned column = (unsigned)(from + strspn(from, BLANKS) - r->raw) + 1;
    (void)section;
    r->wrong &= !r->settings; /* each line stands by itself there */
    if (!r->open || r->wrong)
        return 1;
    if (r->settings) {
        if (declaration_setting(name, value, &r->d, &error))
            rules_setting(r->rules, name, value);
        else
            complain(r, error.column == 0 ? 1 : column, error.text);
        return 1;
    }
    r->in_prototype = strcmp(name, "prototype") == 0;
    if (r->in_prototype) {
        if (r->npieces != 0 && !again)
            complain(r, 1, "a second prototype in this section");
        else
            take_prototype(r, value, column);
        return 1;
    }
    parse_prototype(r);
    if (r->npieces == 0)
        complain(r, 1, "the prototype comes first in a section");
    else if (!r->wrong && !declaration_attribute(name, value, &r->d, &error))
        complain(r, error.column == 0 ? 1 : column, error.text);
    return 1;
}

void rules_text(struct rules *rules, const char *path, const char *text)
{
    static const char mark[] = "\xEF\xBB\xBF"; /* of UTF-8, as some editors put it first */
    struct reading r = {.rules = rules, .at = {.file = path}, .text = text};
    if (strncmp(text, mark, sizeof mark - 1) == 0)
        r.text += sizeof mark - 1;
    unsigned wrong = rules->wrong;
    int bad = ini_parse_stream(next_line, &r, take, &r);
    if (bad > 0 && rules->wrong == wrong) {
        r.at.line = (unsigned)bad;
        complain(&r, 1, "not understood");
    }
    end_section(&r);
}

void rules_file(struct rules *rules, const char *path)
{
    struct textfile file;
    struct textfile_error error;
    if (textfile_read(path, &file, &error))
        rules_text(rules, path, file.text);
    else
        rules_complain(rules, &(struct rule_origin){.file = path, .line = error.line, .column = error.column},
                       "%s", error.text);
    free(file.text);
}
