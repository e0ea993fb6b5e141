#define _GNU_SOURCE
#include "branch.h"

#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DRAWN = 1024 };

struct branch {
    struct process process;
    struct wire_line record;
    char *text; /* all its names and values */
};

static const struct strokes {
    const char *below, *last, *past, *none;
} lines = {"├─ ", "└─ ", "│  ", "   "}, plain = {"|- ", "`- ", "|  ", "   "};

static void *need(void *memory)
{
    if (memory == NULL) {
        fputs("swrctl: no memory\n", stderr);
        exit(STATUS_FAILED);
    }
    return memory;
}

void branch_keep(struct branches *b, const struct process *p, const struct wire_line *record)
{
    size_t len = 0;
    if (wire_get(record, b->field) == NULL)
        return;
    if (b->count == b->room) {
        b->room = b->room * 2 + 64;
        b->list = need(reallocarray(b->list, b->room, sizeof *b->list));
    }
    for (uint32_t i = 0; i < record->nfields; i++)
        len += strlen(record->fields[i].name) + strlen(record->fields[i].value) + 2;
    struct branch *kept = &b->list[b->count++];
    *kept = (struct branch){.process = *p, .record.nfields = record->nfields, .text = need(malloc(len + 1))};
    char *at = kept->text;
    for (uint32_t i = 0; i < record->nfields; i++) {
        kept->record.fields[i].name = at;
        at = stpcpy(at, record->fields[i].name) + 1;
        kept->record.fields[i].value = at;
        at = stpcpy(at, record->fields[i].value) + 1;
    }
}

/* The length of the first `parts` parts of a name; 0: it has fewer. */
static size_t first_parts(const char *name, int parts)
{
    const char *at = name;
    while (--parts > 0) {
        at = strchr(at, '.');
        if (at++ == NULL)
            return 0;
    }
    return (size_t)(strchrnul(at, '.') - name);
}

static bool same_parts(const char *a, const char *b, int parts)
{
    size_t n = first_parts(a, parts);
    return parts == 0 || (n == first_parts(b, parts) && memcmp(a, b, n) == 0);
}

static bool same_process(const struct branch *a, const struct branch *b)
{
    return a->process.pid == b->process.pid;
}

/* Does another one follow beside what the first `parts` parts of this name stand for? */
static bool goes_on(const struct branches *b, size_t at, int parts)
{
    const char *name = wire_get(&b->list[at].record, b->field);
    for (size_t i = at + 1; i < b->count && same_process(&b->list[at], &b->list[i]); i++) {
        const char *later = wire_get(&b->list[i].record, b->field);
        if (!same_parts(name, later, parts - 1))
            return false;
        if (!same_parts(name, later, parts))
            return true;
    }
    return false;
}

static void drawn(const struct branches *b, size_t at, const struct strokes *s, char *text)
{
    const char *name = wire_get(&b->list[at].record, b->field), *last = strrchr(name, '.');
    char *end = text;
    int depth = 0;
    for (const char *c = name; *c != 0; c++)
        depth += *c == '.';
    text[0] = 0;
    for (int level = 1; level <= depth && end - text < DRAWN / 2; level++) {
        bool more = goes_on(b, at, level + 1);
        end = stpcpy(end, level < depth ? (more ? s->past : s->none) : more ? s->below : s->last);
    }
    snprintf(end, DRAWN - (size_t)(end - text), "%s", last != NULL ? last + 1 : name);
}

void branch_draw(struct branches *b, client_record *show, void *cookie)
{
    char(*texts)[DRAWN] = need(malloc((b->count + 1) * sizeof *texts));
    setlocale(LC_CTYPE, "");
    const struct strokes *s = strcmp(nl_langinfo(CODESET), "UTF-8") == 0 ? &lines : &plain;
    for (size_t i = 0; i < b->count; i++)
        drawn(b, i, s, texts[i]);
    for (size_t i = 0; i < b->count; i++) {
        struct wire_line *record = &b->list[i].record;
        for (uint32_t n = 0; n < record->nfields; n++)
            if (strcmp(record->fields[n].name, b->field) == 0)
                record->fields[n].value = texts[i];
        show(&b->list[i].process, record, cookie);
        free(b->list[i].text);
    }
    free(texts);
    free(b->list);
    *b = (struct branches){.field = b->field};
}
