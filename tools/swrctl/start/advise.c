#define _GNU_SOURCE
#include "advise.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/registry/observation.h"
#include "terminal/columns.h"
#include "terminal/saving.h"
#include "terminal/text.h"

static void add(struct advise_sum *s, const struct observed_function *f)
{
    s->calls += f->calls;
    s->ns += f->ns;
    s->keys += f->keys;
    s->uncounted += f->uncounted;
    s->bytes += f->bytes;
    s->changes += f->changes;
    s->opaque += f->opaque;
    if (f->shortest != 0 && (s->shortest == 0 || f->shortest < s->shortest))
        s->shortest = f->shortest;
    for (int i = 0; i < OBSERVED_TTLS; i++) {
        s->hits[i] += f->hits[i];
        s->saved[i] += f->saved[i];
        s->differ[i] += f->differ[i];
        s->most[i] += f->most[i];
    }
}

static const struct observation *map_file(int directory, const char *name)
{
    struct stat st;
    int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    void *map = MAP_FAILED;
    if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size == sizeof(struct observation))
        map = mmap(NULL, sizeof(struct observation), PROT_READ, MAP_SHARED, fd, 0);
    if (fd >= 0)
        close(fd);
    const struct observation *o = map != MAP_FAILED ? map : NULL;
    if (o != NULL && o->magic != OBSERVATION_MAGIC) {
        munmap(map, sizeof(struct observation));
        o = NULL;
    }
    return o;
}

/* Calls visit() with each observation in the directory; how many. */
static unsigned each(const char *path, void (*visit)(const struct observation *, void *), void *cookie)
{
    unsigned n = 0;
    DIR *d = opendir(path);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        const struct observation *o = e->d_name[0] != '.' ? map_file(dirfd(d), e->d_name) : NULL;
        if (o == NULL)
            continue;
        visit(o, cookie);
        munmap((void *)(uintptr_t)o, sizeof *o);
        n++;
    }
    if (d != NULL)
        closedir(d);
    return n;
}

struct named {
    char name[sizeof((struct observed_function *)0)->name];
    struct advise_sum sum;
};

struct gathered {
    struct named *list;
    size_t count;
    uint64_t more; /* functions that there was no room for */
};

static struct advise_sum *sum_of(struct gathered *g, const char *name)
{
    for (size_t i = 0; i < g->count; i++)
        if (strcmp(g->list[i].name, name) == 0)
            return &g->list[i].sum;
    g->list = grown(g->list, g->count + 1, sizeof *g->list);
    struct named *n = &g->list[g->count++];
    *n = (struct named){.sum = {0}};
    snprintf(n->name, sizeof n->name, "%s", name);
    return &n->sum;
}

static void visit(const struct observation *o, void *cookie)
{
    struct gathered *g = cookie;
    for (uint32_t i = 0; i < o->functions && i < OBSERVED_FUNCTIONS; i++)
        if (o->function[i].calls != 0)
            add(sum_of(g, o->function[i].name), &o->function[i]);
    g->more += o->functions > OBSERVED_FUNCTIONS ? o->functions - OBSERVED_FUNCTIONS : 0;
}

static const struct declaration *rule_of(const struct rules *rules, const char *name, bool *in_file)
{
    for (size_t i = 0; i < rules->count; i++)
        if (strcmp(rules->list[i].name, name) == 0) {
            *in_file = rules->origins[i].file != NULL;
            return &rules->list[i];
        }
    return NULL;
}

/* As the rule was said, or would be; of a function without one, as the runtime is told. */
static void print_named(const struct named *n, const struct rules *rules, uint64_t ns)
{
    char text[2048], argument[sizeof text + 512];
    bool in_file = false;
    const struct declaration *d = rule_of(rules, n->name, &in_file);
    struct advise_line line = {.before = "--wrap ", .argument = argument, .section = in_file};
    if (d != NULL && in_file) {
        snprintf(argument, sizeof argument, "[%s]", n->name);
        line = (struct advise_line){.before = argument, .section = true};
    } else if (d != NULL && declaration_text(d, text, sizeof text)) {
        snprintf(argument, sizeof argument, "%s%s%s%s%s%s%s", text, d->library[0] != 0 ? " lib=" : "",
                 d->library, d->version[0] != 0 ? " version=" : "", d->version,
                 d->from[0] != 0 ? " from=" : "", d->from);
    } else {
        snprintf(argument, sizeof argument, "%s", n->name);
        line.before = rules->npresets != 0 ? "--preset names with SWR_SETTINGS=" : "SWR_SETTINGS=";
    }
    advise_print(stderr, &n->sum, n->name, ns, &line);
}

static int by_time(const void *a, const void *b)
{
    const struct named *m = a, *n = b;
    return (m->sum.ns < n->sum.ns) - (m->sum.ns > n->sum.ns);
}

static void print_uncalled(const struct gathered *g, const struct rules *rules)
{
    struct columns c = {stderr, 0};
    for (size_t i = 0; i < rules->count; i++) {
        const char *name = rules->list[i].name;
        bool told = false;
        for (size_t j = 0; j < i; j++)
            told |= strcmp(rules->list[j].name, name) == 0;
        for (size_t j = 0; j < g->count; j++)
            told |= strcmp(g->list[j].name, name) == 0;
        if (told)
            continue;
        if (c.column == 0)
            fputs("\nnever called; swrctl check says which calls are reached:\n", stderr);
        columns_word(&c, name);
    }
    columns_end(&c);
}

void advise_report(const char *directory, const struct rules *rules, bool asked, uint64_t ns)
{
    struct gathered g = {.list = NULL};
    each(directory, visit, &g);
    if (g.count != 0)
        qsort(g.list, g.count, sizeof *g.list, by_time);
    print_uncalled(&g, rules);
    for (size_t i = 0; i < g.count; i++)
        print_named(&g.list[i], rules, ns);
    if (g.count == 0 && rules->count == 0)
        text_print(stderr, "\nno function that could be cached was called%s\n",
                   !asked ? "; which are meant, if the program has not annotated them, say "
                            "--wrap DECLARATION, --config FILE, --all-from LIB or --preset NAME"
                          : "");
    if (g.more != 0)
        text_print(stderr, "\n%llu functions more were called than are counted\n",
                   (unsigned long long)g.more);
    free(g.list);
}

void advise_remove(const char *directory)
{
    DIR *d = opendir(directory);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;)
        if (e->d_name[0] != '.')
            unlinkat(dirfd(d), e->d_name, 0);
    if (d != NULL)
        closedir(d);
    rmdir(directory);
}
