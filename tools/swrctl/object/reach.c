#define _GNU_SOURCE
#include "reach.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static bool add(struct reach *r, const char *path)
{
    struct reach_object *o = &r->objects[r->count];
    if (r->count == REACH_OBJECTS || strlen(path) >= sizeof o->path || !elf_open(path, &o->elf))
        return false;
    strcpy(o->path, path);
    const char *slash = strrchr(o->path, '/');
    o->file = slash != NULL ? slash + 1 : o->path;
    r->count++;
    return true;
}

/* A program's file names its own linker, and a stranger's would run with our rights: only one that belongs to
 * whom the system belongs to, and that nobody else may write to. */
static bool is_of_system(const char *linker)
{
    struct stat st, root;
    const char *slash = strrchr(linker, '/');
    return linker[0] == '/' && strncmp(slash + 1, "ld", 2) == 0 && stat(linker, &st) == 0 &&
           stat("/", &root) == 0 && S_ISREG(st.st_mode) && st.st_uid == root.st_uid &&
           (st.st_mode & 022) == 0;
}

/* ld.so --list PROGRAM: the dynamic linker itself says what it would load; nothing of the program runs. */
static FILE *list(const char *linker, const char *program, pid_t *child)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return NULL;
    *child = fork();
    if (*child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        unsetenv("LD_PRELOAD");
        execl(linker, linker, "--list", program, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    FILE *out = *child > 0 ? fdopen(ends[0], "re") : NULL;
    if (out == NULL)
        close(ends[0]);
    return out;
}

bool reach_start(struct reach *r, const char *program, char *why, size_t room)
{
    *r = (struct reach){.objects = calloc(REACH_OBJECTS, sizeof(struct reach_object))};
    snprintf(why, room, "%s",
             access(program, R_OK) != 0 ? strerror(errno)
                                        : "neither a program nor a script that says what runs it");
    if (r->objects == NULL || !add(r, program))
        return false;
    if (!r->objects[0].elf.has_interpreter)
        return true;
    if (!is_of_system(r->objects[0].elf.interpreter)) {
        snprintf(why, room,
                 "its dynamic linker, %.300s, is not the system's: it is not asked for its libraries",
                 r->objects[0].elf.interpreter);
        return false;
    }
    char *line = NULL;
    size_t size = 0;
    pid_t child = -1;
    int status = -1;
    FILE *out = list(r->objects[0].elf.interpreter, program, &child);
    while (out != NULL && getline(&line, &size, out) > 0) {
        char *path = strchr(line, '/'), *end = path != NULL ? strstr(path, " (0x") : NULL;
        if (end != NULL) {
            *end = 0;
            add(r, path);
        } else if (strstr(line, "not found") != NULL || strstr(line, "error") != NULL) {
            line[strcspn(line, "\n")] = 0;
            snprintf(why, room, "%s", line + strspn(line, " \t"));
        }
    }
    free(line);
    if (out != NULL)
        fclose(out);
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

void reach_end(struct reach *r)
{
    for (size_t i = 0; i < r->count; i++)
        elf_close(&r->objects[i].elf);
    free(r->objects);
}

static bool fail(char *why, size_t room, const char *format, ...) __attribute__((format(printf, 3, 4)));

static bool fail(char *why, size_t room, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(why, room, format, args);
    va_end(args);
    return false;
}

static void say(void (*note)(const char *), const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(void (*note)(const char *), const char *format, ...)
{
    char line[512];
    va_list args;
    if (note == NULL)
        return;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    note(line);
}

static bool is_linker(const struct reach_object *o)
{
    return strncmp(o->file, "ld-", 3) == 0;
}

/* What files cannot tell: what is loaded later, and how. */
static void note_later(const struct reach *r, void (*note)(const char *))
{
    for (size_t i = 0; i < r->count; i++) {
        const struct reach_object *o = &r->objects[i];
        if (strncmp(o->file, "libc.so", 7) == 0 || is_linker(o))
            continue;
        if (elf_use_of(&o->elf, "dlmopen").imports)
            say(note, "not reached: what %s loads with dlmopen()", o->file);
        if (elf_use_of(&o->elf, "dlopen").imports)
            say(note, "not reached: what %s loads with RTLD_DEEPBIND, if it does", o->file);
    }
}

static bool is_library(const struct reach_object *o, const char *pattern)
{
    return fnmatch(pattern, o->file, 0) == 0 || fnmatch(pattern, o->elf.soname, 0) == 0;
}

/* What `library` names only behind a symbolic link; NULL: nothing. Programs ask by the link's name. */
static const struct reach_object *linked(const struct reach *r, const char *library)
{
    char path[PATH_MAX];
    for (size_t i = 1; i < r->count; i++) {
        const char *slash = realpath(r->objects[i].path, path) != NULL ? strrchr(path, '/') : NULL;
        if (slash != NULL && fnmatch(library, slash + 1, 0) == 0)
            return &r->objects[i];
    }
    return NULL;
}

/* Who else defines it, for a rule that names the wrong library; NULL: nobody it starts with. */
static const struct reach_object *exporter(const struct reach *r, const char *name)
{
    for (size_t i = 1; i < r->count; i++)
        if (elf_use_of(&r->objects[i].elf, name).defines)
            return &r->objects[i];
    return NULL;
}

static bool fail_library(const struct reach *r, const struct reach_object *library, const char *name,
                         char *why, size_t room)
{
    const struct reach_object *other = exporter(r, name);
    if (other != NULL)
        return fail(why, room, "%s does not export '%s'; lib=%s does", library->path, name, other->file);
    return fail(why, room,
                "%s does not export '%s', nor does any library that %s starts with; leave lib= out",
                library->path, name, r->objects[0].file);
}

struct versions {
    const char *wanted;
    bool found;
    char list[200];
};

static void note_version(const char *version, bool by_default, void *cookie)
{
    struct versions *v = cookie;
    (void)by_default;
    v->found |= strcmp(version, v->wanted) == 0;
    snprintf(v->list + strlen(v->list), sizeof v->list - strlen(v->list), "%s%s", v->list[0] != 0 ? ", " : "",
             version[0] != 0 ? version : "none at all, leave version= out");
}

/* Whether what it starts with is not all: it may load plugins, or start programs, which inherit the rules. */
static bool may_have_more(const struct reach *r)
{
    static const char *const names[] = {
        "dlopen", "dlmopen", "execve",      "execv",        "execvp", "execvpe", "execl",    "execlp",
        "execle", "fexecve", "posix_spawn", "posix_spawnp", "system", "popen",   "execveat", "syscall"};
    for (size_t i = 0; i < r->count; i++) {
        const struct reach_object *o = &r->objects[i];
        if (strncmp(o->file, "libc.so", 7) == 0 || strncmp(o->file, "libc-", 5) == 0 || is_linker(o))
            continue;
        for (size_t n = 0; n < sizeof names / sizeof *names; n++)
            if (elf_use_of(&o->elf, names[n]).imports)
                return true;
    }
    return false;
}

struct likeness {
    const char *name;
    const char *best;
    unsigned distance;
};

/* How many letters make one name of the other, left out, put in or changed; names are cut to LETTERS. */
static unsigned distance(const char *a, const char *b)
{
    enum { LETTERS = 48 };
    unsigned row[LETTERS + 1];
    size_t n = strnlen(b, LETTERS);
    for (size_t j = 0; j <= n; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; a[i - 1] != 0 && i <= LETTERS; i++) {
        unsigned corner = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= n; j++) {
            unsigned above = row[j], least = corner + (a[i - 1] != b[j - 1]);
            least = above + 1 < least ? above + 1 : least;
            row[j] = row[j - 1] + 1 < least ? row[j - 1] + 1 : least;
            corner = above;
        }
    }
    return row[n];
}

static void compare_name(const char *name, void *cookie)
{
    struct likeness *l = cookie;
    unsigned far = distance(l->name, name);
    if (far < l->distance) {
        l->best = name;
        l->distance = far;
    }
}

/* Nobody has it, nobody calls it, and nobody comes later. */
static bool fail_unknown(const struct reach *r, const char *name, char *why, size_t room)
{
    struct likeness l = {.name = name, .distance = (unsigned)strlen(name) / 3 + 1};
    elf_imports(&r->objects[0].elf, compare_name, &l);
    return fail(why, room,
                "nothing that %s starts with has or calls '%s', and it loads and starts nothing later%s%s%s",
                r->objects[0].file, name, l.best != NULL ? "; did you mean " : "",
                l.best != NULL ? l.best : "", l.best != NULL ? "?" : "");
}

static bool fail_own(const struct reach *r, const char *name, char *why, size_t room)
{
    return fail(why, room,
                "%s defines '%s' itself: nothing stands between its calls and the function; annotate it "
                "in its source (swrcache(3))",
                r->objects[0].file, name);
}

bool reach_nothing(const struct reach *r, const struct declaration *d, char *why, size_t room)
{
    for (size_t i = 0; i < r->count; i++) {
        struct elf_use use = elf_use_of(&r->objects[i].elf, d->name);
        if (use.defines || use.imports || (d->library[0] != 0 && is_library(&r->objects[i], d->library)))
            return false;
    }
    return elf_has_inside(&r->objects[0].elf, d->name)
               ? !fail_own(r, d->name, why, room)
               : !may_have_more(r) && !fail_unknown(r, d->name, why, room);
}

bool reach_rule(const struct reach *r, const struct declaration *d, char *why, size_t room,
                void (*note)(const char *))
{
    const struct reach_object *definer = NULL, *library = NULL;
    size_t callers = 0;
    if (elf_use_of(&r->objects[0].elf, d->name).defines)
        return fail_own(r, d->name, why, room);
    for (size_t i = 1; i < r->count; i++) {
        const struct reach_object *o = &r->objects[i];
        bool wanted = d->library[0] == 0 || is_library(o, d->library);
        if (wanted && d->library[0] != 0)
            library = o;
        if (wanted && definer == NULL && elf_use_of(&o->elf, d->name).defines)
            definer = o;
    }
    const struct reach_object *meant = library == NULL && d->library[0] != 0 ? linked(r, d->library) : NULL;
    if (meant != NULL)
        return fail(why, room, "%s goes by the name %s: write lib=%s", d->library, meant->file, meant->file);
    if (library != NULL && definer == NULL)
        return fail_library(r, library, d->name, why, room);
    if (definer == NULL && reach_nothing(r, d, why, room))
        return false;
    struct versions versions = {.wanted = d->version};
    if (definer != NULL && d->version[0] != 0)
        elf_versions_of(&definer->elf, d->name, note_version, &versions);
    if (definer != NULL && d->version[0] != 0 && !versions.found)
        return fail(why, room, "%s exports no version '%s' of '%s'; there is %s", definer->path, d->version,
                    d->name, versions.list);
    if (definer == NULL && d->library[0] != 0)
        say(note, "%s is not among the libraries it starts with: reached when it is loaded later",
            d->library);
    else if (definer == NULL)
        say(note, "no library it starts with exports it: reached when one loaded later does");
    else
        say(note, "defined by %s", definer->path);
    for (size_t i = 0; i < r->count; i++) {
        const struct reach_object *o = &r->objects[i];
        if (!elf_use_of(&o->elf, d->name).imports || o == definer)
            continue;
        bool excluded = d->from[0] != 0 && fnmatch(d->from, o->file, 0) != 0;
        say(note,
            excluded                                ? "left alone, by from=: calls from %s"
            : definer == NULL && d->library[0] != 0 ? "reached then: calls from %s"
                                                    : "reached: calls from %s",
            o->file);
        callers += !excluded;
    }
    if (definer != NULL && callers == 0)
        say(note,
            "nothing it starts with calls it by name; reached when looked up by dlsym(), or from a plugin");
    if (definer != NULL && (definer->elf.symbolic || elf_use_of(&definer->elf, d->name).inside))
        say(note, "not reached: calls inside %s, if there are any: they were bound when it was linked",
            definer->file);
    note_later(r, note);
    return true;
}
