#define _GNU_SOURCE
#include "branch.h"

#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "terminal/text.h"

enum { DRAWN = 1024, LEVELS = 64 };

struct branch {
    struct process process;
    struct wire_line record;
    char *text;       /* all its names and values */
    uint64_t goes_on; /* bit n: another one follows beside what its first n + 1 parts stand for */
};

static const struct strokes {
    const char *below, *last, *past, *none;
} lines = {"├─ ", "└─ ", "│  ", "   "}, plain = {"|- ", "`- ", "|  ", "   "};

void branch_keep(struct branches *b, const struct process *p, const struct wire_line *record)
{
    size_t len = 0;
    if (wire_get(record, b->field) == NULL)
        return;
    if (b->count == b->room) {
        b->room = b->room * 2 + 64;
        b->list = text_need(reallocarray(b->list, b->room, sizeof *b->list));
    }
    for (uint32_t i = 0; i < record->nfields; i++)
        len += strlen(record->fields[i].name) + strlen(record->fields[i].value) + 2;
    struct branch *kept = &b->list[b->count++];
    *kept =
        (struct branch){.process = *p, .record.nfields = record->nfields, .text = text_need(malloc(len + 1))};
    char *at = kept->text;
    for (uint32_t i = 0; i < record->nfields; i++) {
        kept->record.fields[i].name = at;
        at = stpcpy(at, record->fields[i].name) + 1;
        kept->record.fields[i].value = at;
        at = stpcpy(at, record->fields[i].value) + 1;
    }
}

static const char *name_of(const struct branches *b, size_t at)
{
    return wire_get(&b->list[at].record, b->field);
}

/* How many whole parts two names begin with alike, LEVELS at most. */
static int parts_shared(const char *a, const char *b)
{
    int n = 0;
    for (; *a == *b && *a != 0 && n < LEVELS; a++, b++)
        n += *a == '.';
    return n < LEVELS && (*a == 0 || *a == '.') && (*b == 0 || *b == '.') ? n + 1 : n;
}

/* From the last to the first: beside a part that the next one does not share, it is the next one that
 * follows; of those that it shares, what holds for the next one holds here. */
static void link_branches(struct branches *b)
{
    for (size_t i = b->count; i-- > 0;) {
        struct branch *here = &b->list[i], *next = here + 1;
        here->goes_on = 0;
        if (i + 1 == b->count || next->process.pid != here->process.pid ||
            next->process.own != here->process.own)
            continue;
        int shared = parts_shared(name_of(b, i), name_of(b, i + 1));
        if (shared < LEVELS)
            here->goes_on = (next->goes_on & ((UINT64_C(1) << shared) - 1)) | UINT64_C(1) << shared;
        else
            here->goes_on = next->goes_on;
    }
}

static void drawn(const struct branches *b, size_t at, const struct strokes *s, char *text)
{
    const char *name = name_of(b, at), *last = strrchr(name, '.');
    char *end = text;
    int depth = 0;
    for (const char *c = name; *c != 0 && depth < LEVELS - 1; c++)
        depth += *c == '.';
    text[0] = 0;
    for (int level = 1; level <= depth; level++) {
        bool more = (b->list[at].goes_on >> level & 1) != 0;
        end = stpcpy(end, level < depth ? (more ? s->past : s->none) : more ? s->below : s->last);
    }
    snprintf(end, DRAWN - (size_t)(end - text), "%s", last != NULL ? last + 1 : name);
}

void branch_draw(struct branches *b, reply_record *show, void *cookie)
{
    char text[DRAWN];
    setlocale(LC_CTYPE, "");
    const struct strokes *s = strcmp(nl_langinfo(CODESET), "UTF-8") == 0 ? &lines : &plain;
    link_branches(b);
    for (size_t i = 0; i < b->count; i++) {
        struct wire_line *record = &b->list[i].record;
        drawn(b, i, s, text);
        for (uint32_t n = 0; n < record->nfields; n++)
            if (strcmp(record->fields[n].name, b->field) == 0)
                record->fields[n].value = text;
        show(&b->list[i].process, record, cookie);
        free(b->list[i].text);
    }
    free(b->list);
    *b = (struct branches){.field = b->field};
}
