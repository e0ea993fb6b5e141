#define _GNU_SOURCE
#include "offer.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "terminal/columns.h"
#include "object/library.h"
#include "rule/prototypes.h"
#include "terminal/text.h"

/* Of each reason: a library has thousands of helpers, and a header the prototypes of all that it includes. */
enum { NAMES_SHOWN = 20 };

struct offer_skipped {
    const char *why; /* the reason's own name, in `reasons` */
    struct names names;
};

/* What is being looked at. */
struct looking {
    struct offer *offer;
    struct library *libraries;
    size_t count;
};

void offer_add(const char ***list, size_t *count, const char *value)
{
    *list = grown(*list, *count + 1, sizeof **list);
    (*list)[(*count)++] = value;
}

void offer_free(struct offer *o)
{
    for (size_t i = 0; i < o->nskipped; i++)
        names_free(&o->skipped[i].names);
    names_free(&o->reasons);
    names_free(&o->said);
    free(o->skipped);
    free(o->libraries);
    free(o->prototypes);
}

static void skip(struct offer *o, const char *name, const char *why)
{
    if (names_put(&o->reasons, why, strlen(why), NULL)) {
        o->skipped = grown(o->skipped, o->nskipped + 1, sizeof *o->skipped);
        o->skipped[o->nskipped++] = (struct offer_skipped){.why = o->reasons.list[o->reasons.count - 1].text};
    }
    /* Reasons and those who are skipped for them come in one order. */
    const struct name *reason = names_find(&o->reasons, why, strlen(why));
    names_put(&o->skipped[reason - o->reasons.list].names, name, strlen(name), NULL);
}

/* A path, a library the program starts with, or one in a directory of libraries. */
static bool find(const char *name, const struct reach *reach, char *path, size_t room)
{
#if defined(__aarch64__)
#define TRIPLET "aarch64-linux-gnu"
#else
#define TRIPLET "x86_64-linux-gnu"
#endif
    static const char *const directories[] = {"/usr/local/lib/" TRIPLET,
                                              "/usr/local/lib",
                                              "/lib/" TRIPLET,
                                              "/usr/lib/" TRIPLET,
                                              "/lib64",
                                              "/usr/lib64",
                                              "/lib",
                                              "/usr/lib"};
    const char *more = getenv("LD_LIBRARY_PATH");
    if (strchr(name, '/') != NULL) {
        snprintf(path, room, "%s", name);
        return access(path, R_OK) == 0;
    }
    for (size_t i = 1; i < reach->count; i++)
        if (strcmp(reach->objects[i].file, name) == 0) {
            snprintf(path, room, "%s", reach->objects[i].path);
            return true;
        }
    for (size_t n; more != NULL && *more != 0; more += n + (more[n] == ':')) {
        n = strcspn(more, ":");
        snprintf(path, room, "%.*s/%s", (int)n, more, name);
        if (access(path, R_OK) == 0)
            return true;
    }
    for (size_t i = 0; i < sizeof directories / sizeof *directories; i++) {
        snprintf(path, room, "%s/%s", directories[i], name);
        if (access(path, R_OK) == 0)
            return true;
    }
    errno = ENOENT;
    return false;
}

static void take_prototype(const char *name, const char *text, void *cookie)
{
    struct looking *l = cookie;
    bool exported = false;
    for (size_t i = 0; i < l->count; i++) {
        struct library_function *f = library_find(&l->libraries[i], name);
        exported |= f != NULL;
        if (f != NULL && f->text == NULL)
            f->text = strdup(text);
    }
    if (!exported)
        skip(l->offer, name, "a prototype is there, but the library exports no such function");
}

/* `const char *` in C is a string, or bytes that another parameter counts: "len", "nbytes", a size_t. */
static bool counts(const struct declared_param *p)
{
    static const char *const words[] = {"len", "size", "siz", "count", "cnt", "num", "bytes"};
    char name[sizeof p->name];
    bool integer =
        p->kind == SWRCACHE_KIND_VAL && (p->cls == SWRCACHE_CLASS_INT || p->cls == SWRCACHE_CLASS_UINT);
    bool found = strcmp(p->type, "u64") == 0 || strcmp(p->name, "n") == 0;
    for (size_t i = 0; i < sizeof name; i++)
        name[i] = (char)tolower((unsigned char)p->name[i]);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        found |= strstr(name, words[i]) != NULL;
    return integer && found;
}

static bool doubtful(const struct declaration *d, char *why, size_t room)
{
    for (uint32_t i = 0; i + 1 < d->nparams; i++)
        if (d->params[i].kind == SWRCACHE_KIND_STR && d->params[i].spelt_in_c && counts(&d->params[i + 1])) {
            snprintf(why, room,
                     "a string, or bytes that the parameter after it counts? write --wrap with str or "
                     "bytes[LENGTH]");
            return true;
        }
    return false;
}

/* False: `why` says why it is left out. */
static bool carried(const struct library *l, const struct library_function *f, const struct reach *reach,
                    struct declaration *d, char *why, size_t room)
{
    struct declaration_error error;
    const char *forbidden = declaration_forbidden(f->name);
    if (forbidden != NULL)
        snprintf(why, room, "%s", forbidden);
    else if (strncmp(f->name, "__", 2) == 0 || strncmp(f->name, "_IO_", 4) == 0)
        snprintf(why, room, "by its name it is not for programs; write --wrap");
    else if (f->chosen && f->text == NULL)
        snprintf(why, room, "which code it is shows when it is loaded (IFUNC); write --wrap");
    else if (f->text == NULL)
        snprintf(why, room, "its signature is not known; write it with --wrap or --prototypes");
    else if (f->versions > 1)
        snprintf(why, room, "there are several versions of it; write --wrap with version=");
    else if (!declaration_parse(f->text, d, &error))
        snprintf(why, room, "%s", error.text);
    else if (snprintf(d->library, sizeof d->library, "%s", l->name) >= (int)sizeof d->library)
        snprintf(why, room, "the library's name is too long");
    else
        return !doubtful(d, why, room) && reach_rule(reach, d, why, room, NULL);
    return false;
}

static void offer_rule(struct offer *o, struct rules *rules, const struct declaration *d)
{
    rules_add(rules, d, &(struct rule_origin){0});
    names_put(&o->said, d->name, strlen(d->name), NULL);
}

static bool add(struct offer *o, struct library *l, struct rules *rules, const struct reach *reach)
{
    struct declaration d;
    char why[512];
    bool known = false;
    library_debug(l);
    for (size_t i = 0; i < l->count; i++) {
        const struct library_function *f = &l->functions[i];
        known |= f->text != NULL;
        if (names_find(&o->said, f->name, strlen(f->name)) != NULL)
            continue;
        if (carried(l, f, reach, &d, why, sizeof why))
            offer_rule(o, rules, &d);
        else
            skip(o, f->name, why);
    }
    if (!known && o->nprototypes != 0)
        tell("%s: neither debug information nor %s says what any of its functions takes; a header "
             "that "
             "makes its prototypes by macros is read from what cc -E makes of it",
             l->path, o->prototypes[0]);
    else if (!known)
        tell("%s: no debug information says what its functions take; install its package of debug "
             "symbols, or give its prototypes with --prototypes FILE",
             l->path);
    return known;
}

bool offer_rules(struct offer *o, struct rules *rules, const struct reach *reach)
{
    struct looking l = {o, grown(NULL, o->nlibraries + 1, sizeof *l.libraries), 0};
    struct textfile_error error;
    char path[4096];
    bool good = true;
    for (size_t i = 0; i < rules->count; i++)
        names_put(&o->said, rules->list[i].name, strlen(rules->list[i].name), NULL);
    for (size_t i = 0; i < o->nlibraries && good; i++) {
        good = find(o->libraries[i], reach, path, sizeof path);
        if (!good)
            tell("--all-from %s: %s", o->libraries[i], strerror(errno));
        else if (!(good = library_open(&l.libraries[l.count], path)))
            tell("--all-from %s: %s is no library that exports functions", o->libraries[i], path);
        else
            l.count++;
    }
    for (size_t i = 0; i < o->nprototypes && good; i++)
        if (!(good = prototypes_read(o->prototypes[i], take_prototype, &l, &error)))
            rules_complain(
                rules,
                &(struct rule_origin){.file = o->prototypes[i], .line = error.line, .column = error.column},
                "%s", error.text);
    for (size_t i = 0; i < l.count && good; i++)
        good = add(o, &l.libraries[i], rules, reach);
    for (size_t i = 0; i < l.count; i++)
        library_close(&l.libraries[i]);
    free(l.libraries);
    return good;
}

void offer_report(const struct offer *o)
{
    size_t sum = 0;
    for (size_t i = 0; i < o->nskipped; i++)
        sum += o->skipped[i].names.count;
    if (sum != 0)
        text_print(stderr, "\n%zu function%s not observed:\n", sum, sum == 1 ? "" : "s");
    for (size_t i = 0; i < o->nskipped; i++) {
        const struct offer_skipped *s = &o->skipped[i];
        size_t count = s->names.count, most = NAMES_SHOWN;
        struct columns c = {stderr, 0};
        text_print(stderr, "  %s:\n", s->why);
        for (size_t j = 0; j < count && j < most; j++)
            columns_word(&c, s->names.list[j].text);
        columns_end(&c);
        if (count > most)
            text_print(stderr, "    and %zu more\n", count - most);
    }
}
