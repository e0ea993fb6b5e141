#define _GNU_SOURCE
#include "advise.h"

#include <dirent.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rule/names.h"
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
    s->told += f->told;
    s->stale |= f->stale != 0;
    s->opaque += f->opaque;
    if (f->shortest != 0 && (s->shortest == 0 || f->shortest < s->shortest))
        s->shortest = f->shortest;
    for (int i = 0; i < OBSERVED_TTLS; i++) {
        s->hits[i] += f->hits[i];
        s->saved[i] += f->saved[i];
        s->differ[i] += f->differ[i];
        s->stale_hits[i] += f->stale_hits[i];
        s->old[i] += f->old[i];
        s->most[i] += f->most[i];
    }
}

struct named {
    char name[sizeof((struct observed_function *)0)->name];
    struct advise_sum sum;
};

struct gathered {
    struct names names;
    struct named *list; /* of each of them, in the same order */
    size_t count;
    uint64_t more; /* functions that there was no room for */
};

/* `name` may go on without an end. */
static struct advise_sum *sum_of(struct gathered *g, const char *name, size_t len)
{
    if (names_put(&g->names, name, len, NULL)) {
        g->list = grown(g->list, g->count + 1, sizeof *g->list);
        struct named *n = &g->list[g->count++];
        *n = (struct named){.sum = {0}};
        snprintf(n->name, sizeof n->name, "%.*s", (int)len, name);
    }
    return &g->list[names_find(&g->names, name, len) - g->names.list].sum;
}

static bool read_at(int fd, size_t offset, void *bytes, size_t len)
{
    return pread(fd, bytes, len, (off_t)offset) == (ssize_t)len;
}

/* What one process has written. It may go on writing, or cut the file off: what is needed is copied, and it
 * is much smaller than the file. */
static void gather_file(struct gathered *g, int fd)
{
    struct observed_function *f = grown(NULL, 1, sizeof *f);
    uint32_t magic, functions;
    if (!read_at(fd, offsetof(struct observation, magic), &magic, sizeof magic) ||
        magic != OBSERVATION_MAGIC ||
        !read_at(fd, offsetof(struct observation, functions), &functions, sizeof functions))
        functions = 0;
    for (uint32_t i = 0; i < functions && i < OBSERVED_FUNCTIONS; i++)
        if (read_at(fd, offsetof(struct observation, function) + i * sizeof *f, f,
                    offsetof(struct observed_function, key)) &&
            f->calls != 0)
            add(sum_of(g, f->name, strnlen(f->name, sizeof f->name - 1)), f);
    g->more += functions > OBSERVED_FUNCTIONS ? functions - OBSERVED_FUNCTIONS : 0;
    free(f);
}

static void gather(struct gathered *g, const char *directory)
{
    DIR *d = opendir(directory);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        int fd = e->d_name[0] != '.'
                     ? openat(dirfd(d), e->d_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
                     : -1;
        if (fd < 0)
            continue;
        gather_file(g, fd);
        close(fd);
    }
    if (d != NULL)
        closedir(d);
}

static const struct declaration *rule_of(const struct rules *rules, const char *name,
                                         const struct rule_origin **origin)
{
    for (size_t i = 0; i < rules->count; i++)
        if (strcmp(rules->list[i].name, name) == 0) {
            *origin = &rules->origins[i];
            return &rules->list[i];
        }
    return NULL;
}

/* What was written, but for its lifetime, which is what is advised. */
static void without_ttl(const char *text, char *to, size_t room)
{
    size_t n = 0;
    bool quoted = false;
    for (const char *c = text; *c != 0 && n + 1 < room; c++) {
        if (!quoted && c[0] == ' ' && strncmp(c + 1 + strspn(c + 1, " "), "ttl=", 4) == 0) {
            c += 1 + strspn(c + 1, " ") + 4;
            if (*c == '"')
                c += strcspn(c + 1, "\"") + 1 + (c[strcspn(c + 1, "\"") + 1] != 0);
            else
                c += strcspn(c, " ");
            c--;
            continue;
        }
        quoted ^= *c == '"';
        to[n++] = *c;
    }
    to[n] = 0;
}

/* As the rule was said, or would be; of a function without one, as the runtime is told. */
static void print_named(const struct named *n, const struct rules *rules, uint64_t ns)
{
    char text[2048], argument[sizeof text + 512];
    const struct rule_origin *origin = NULL;
    const struct declaration *d = rule_of(rules, n->name, &origin);
    bool in_file = d != NULL && origin->file != NULL;
    struct advise_line line = {.before = "--wrap ", .argument = argument, .section = in_file};
    if (d != NULL && in_file) {
        snprintf(argument, sizeof argument, "[%s]", n->name);
        line = (struct advise_line){.before = argument, .section = true};
    } else if (d != NULL && origin->text != NULL) {
        without_ttl(origin->text, argument, sizeof argument);
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

static void print_uncalled(struct gathered *g, const struct rules *rules)
{
    struct columns c = {stderr, 0};
    for (size_t i = 0; i < rules->count; i++) {
        const char *name = rules->list[i].name;
        if (!names_put(&g->names, name, strlen(name), NULL))
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
    gather(&g, directory);
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
    names_free(&g.names);
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
