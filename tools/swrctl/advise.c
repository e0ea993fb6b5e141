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

static const uint64_t ttls[OBSERVED_TTLS] = OBSERVED_TTL_SECONDS;

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

struct wanted {
    const char *name;
    struct advise_sum sum;
};

static void visit(const struct observation *o, void *cookie)
{
    struct wanted *w = cookie;
    for (uint32_t i = 0; i < o->functions && i < OBSERVED_FUNCTIONS; i++)
        if (strncmp(o->function[i].name, w->name, sizeof o->function[i].name) == 0)
            add(&w->sum, &o->function[i]);
}

static const char *span(uint64_t ns, char *text, size_t room)
{
    if (ns < 10000)
        snprintf(text, room, "%llu ns", (unsigned long long)ns);
    else if (ns < 10000000)
        snprintf(text, room, "%.1f us", (double)ns / 1e3);
    else if (ns < UINT64_C(10000000000))
        snprintf(text, room, "%.1f ms", (double)ns / 1e6);
    else
        snprintf(text, room, "%.1f s", (double)ns / 1e9);
    return text;
}

/* The longest lifetime that served nothing outdated; -1: none, or none that pays. */
static int best(const struct advise_sum *s)
{
    int found = -1;
    for (int i = 0; i < OBSERVED_TTLS; i++)
        if (s->differ[i] == 0 && s->hits[i] != 0 && s->saved[i] > s->hits[i] * 1000)
            found = i;
    return found;
}

void advise_print(FILE *out, const struct advise_sum *s, const char *name, uint64_t ns)
{
    char a[32], b[32];
    fprintf(out, "\n%s: %llu call%s of %llu key%s, %s, %.0f %% of the run, %s a call\n", name,
            (unsigned long long)s->calls, s->calls == 1 ? "" : "s", (unsigned long long)s->keys,
            s->keys == 1 ? "" : "s", span(s->ns, a, sizeof a),
            ns != 0 ? 100.0 * (double)s->ns / (double)ns : 0,
            span(s->calls != 0 ? s->ns / s->calls : 0, b, sizeof b));
    if (s->calls == 0) {
        fputs("  never called; swrctl check says which calls are reached\n", out);
        return;
    }
    fprintf(out, "  %-8s %9s %12s %10s\n", "ttl", "hits", "saves", "outdated");
    for (int i = 0; i < OBSERVED_TTLS; i++)
        fprintf(out, "  %-8s %7.1f %% %12s %10llu\n",
                ttls[i] == 1    ? "1s"
                : ttls[i] == 10 ? "10s"
                                : "1m",
                100.0 * (double)s->hits[i] / (double)s->calls, span(s->saved[i], a, sizeof a),
                (unsigned long long)s->differ[i]);
    fprintf(out, "  %llu bytes of keys and values", (unsigned long long)s->bytes);
    if (s->changes != 0)
        fprintf(out, "; the result changed %llu times for an unchanged key, soonest after %s",
                (unsigned long long)s->changes, span(s->shortest, a, sizeof a));
    if (s->opaque != 0)
        fputs("; results that cannot be compared without a codec", out);
    if (s->uncounted != 0)
        fprintf(out, "; %llu calls had more keys than are counted", (unsigned long long)s->uncounted);
    int i = best(s);
    if (i >= 0)
        fprintf(out, "\n  [%s] ttl = %s\n", name, ttls[i] == 1 ? "1s" : ttls[i] == 10 ? "10s" : "1m");
    else
        fprintf(out, "\n  not worth caching: %s\n",
                s->hits[OBSERVED_TTLS - 1] == 0 ? "no key comes twice within a minute"
                : s->differ[0] != 0             ? "results change sooner than in a second"
                                                : "a call costs less than a look into the cache");
}

void advise_report(const char *directory, const struct rules *rules, uint64_t ns)
{
    for (size_t i = 0; i < rules->count; i++) {
        struct wanted w = {.name = rules->list[i].name};
        bool again = false;
        for (size_t j = 0; j < i; j++)
            again |= strcmp(rules->list[j].name, w.name) == 0;
        if (again)
            continue;
        each(directory, visit, &w);
        advise_print(stderr, &w.sum, w.name, ns);
    }
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
