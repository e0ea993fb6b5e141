#define _GNU_SOURCE
#include "library.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "debug.h"
#include "rule/rules.h"

static void take(const struct elf_export *export, void *cookie)
{
    struct library *l = cookie;
    if (l->count == l->room) {
        l->room = l->room * 2 + 64;
        l->functions = grown(l->functions, l->room, sizeof *l->functions);
    }
    l->functions[l->count++] =
        (struct library_function){.name = export->name, .value = export->value, .chosen = export->chosen, 1};
}

static int by_name(const void *a, const void *b)
{
    const struct library_function *f = a, *g = b;
    return strcmp(f->name, g->name);
}

static void merge(struct library *l)
{
    size_t kept = 0;
    qsort(l->functions, l->count, sizeof *l->functions, by_name);
    for (size_t i = 0; i < l->count; i++)
        if (kept != 0 && strcmp(l->functions[kept - 1].name, l->functions[i].name) == 0)
            l->functions[kept - 1].versions++;
        else
            l->functions[kept++] = l->functions[i];
    l->count = kept;
}

bool library_open(struct library *l, const char *path)
{
    *l = (struct library){.count = 0};
    snprintf(l->path, sizeof l->path, "%s", path);
    if (!elf_open(path, &l->elf))
        return false;
    elf_exports(&l->elf, take, l);
    if (l->count == 0) {
        elf_close(&l->elf);
        return false;
    }
    merge(l);
    const char *slash = strrchr(l->path, '/');
    l->name = l->elf.soname[0] != 0 ? l->elf.soname : slash != NULL ? slash + 1 : l->path;
    return true;
}

void library_close(struct library *l)
{
    for (size_t i = 0; i < l->count; i++)
        free(l->functions[i].text);
    free(l->functions);
    elf_close(&l->elf);
}

struct library_function *library_find(const struct library *l, const char *name)
{
    struct library_function wanted = {.name = name};
    return bsearch(&wanted, l->functions, l->count, sizeof wanted, by_name);
}

static int by_value(const void *a, const void *b)
{
    const struct library_function *f = *(struct library_function *const *)a,
                                  *g = *(struct library_function *const *)b;
    return (f->value > g->value) - (f->value < g->value);
}

struct placed {
    struct library_function **functions; /* by where they begin */
    size_t count;
};

/* Several names may begin at one place. */
static void match(uint64_t address, const char *result, const char *parameters, void *cookie)
{
    const struct placed *p = cookie;
    size_t low = 0, high = p->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (p->functions[middle]->value < address)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < p->count && p->functions[low]->value == address; low++) {
        struct library_function *f = p->functions[low];
        if (f->text == NULL && !f->chosen && asprintf(&f->text, "%s %s%s", result, f->name, parameters) < 0)
            f->text = NULL;
    }
}

void library_debug(struct library *l)
{
    struct placed p = {grown(NULL, l->count, sizeof *p.functions), l->count};
    for (size_t i = 0; i < l->count; i++)
        p.functions[i] = &l->functions[i];
    qsort(p.functions, p.count, sizeof *p.functions, by_value);
    debug_functions(l->path, match, &p);
    free(p.functions);
}
