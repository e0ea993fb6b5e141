#define _GNU_SOURCE
#include "listing.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "absent.h"
#include "client.h"
#include "control/wire.h"
#include "remains.h"
#include "socket.h"
#include "terminal/text.h"

/* The same directory may have two names. */
static struct {
    dev_t dev;
    ino_t ino;
} seen[PROCESSES_MAX];
static size_t directories;

static bool seen_before(const struct stat *st)
{
    for (size_t i = 0; i < directories; i++)
        if (seen[i].dev == st->st_dev && seen[i].ino == st->st_ino)
            return true;
    if (directories < PROCESSES_MAX) {
        seen[directories].dev = st->st_dev;
        seen[directories++].ino = st->st_ino;
    }
    return false;
}

static void pass_over(struct listing *l, const char *directory, const char *name, const char *why)
{
    l->passed_over++;
    tell("%s/%s is passed over: %s", directory, name, why);
}

static void take_program(const struct process *p, struct wire_line *record, void *cookie)
{
    const char *name = wire_get(record, "program");
    (void)p;
    if (name != NULL)
        snprintf(cookie, PROGRAM_MAX, "%s", name);
}

/* Of one that /proc does not show it is the process itself that says what it is called. */
static void name_process(struct process *p)
{
    static struct wire_line status;
    struct patience patience = {0};
    char name[PROGRAM_MAX] = "";
    if (process_name(p->pid, p->program, sizeof p->program))
        return;
    snprintf(p->program, sizeof p->program, "?");
    if (client_ask(p, "ping\n", take_program, name, &patience, &status) && name[0] != 0)
        snprintf(p->program, sizeof p->program, "%s", name);
}

static void take(struct listing *l, int directory, struct process *p)
{
    p->pid = p->own;
    if (!socket_attribute(directory, p)) {
        if (errno == ECONNREFUSED || errno == ENOENT) {
            remains_remove(directory, p->socket);
            return;
        }
        if (errno == EPERM || errno == ESRCH) {
            pass_over(l, p->directory, p->socket, socket_error(errno));
            return;
        }
    }
    if (l->count == PROCESSES_MAX) {
        pass_over(l, p->directory, p->socket, "there are too many processes");
        return;
    }
    name_process(p);
    l->list[l->count++] = *p;
}

static void list_directory(struct listing *l, const char *path, uid_t owner)
{
    struct stat st;
    int fd = socket_directory(path, owner, &st);
    if (fd < 0) {
        if (errno != ENOENT)
            tell("%s is passed over: %s", path,
                 errno == EPERM
                     ? "another user's, or open to others; only a directory of mode 0700 is trusted"
                 : errno == ENOTDIR ? "not a directory, perhaps a symbolic link to one"
                                    : strerror(errno));
        return;
    }
    DIR *d = seen_before(&st) ? NULL : fdopendir(fd);
    if (d == NULL) {
        close(fd);
        return;
    }
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        struct process p = {.uid = st.st_uid};
        bool lasting;
        if ((p.own = remains_number(e->d_name, &lasting)) == 0)
            continue;
        snprintf(p.directory, sizeof p.directory, "%s", path);
        snprintf(p.socket, sizeof p.socket, "%.*s", (int)sizeof p.socket - 1, e->d_name);
        if (lasting)
            take(l, fd, &p);
        else
            remains_remove(fd, e->d_name);
    }
    closedir(d);
}

/* DIR/PREFIX<uid>SUFFIX for every uid there is. */
static void list_users(struct listing *l, const char *directory, const char *prefix, const char *suffix)
{
    DIR *d = opendir(directory);
    char path[PATH_ROOM], *end;
    size_t len = strlen(prefix);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        if (strncmp(e->d_name, prefix, len) != 0 || !isdigit((unsigned char)e->d_name[len]))
            continue;
        unsigned long uid = strtoul(e->d_name + len, &end, 10);
        int n = snprintf(path, sizeof path, "%s/%s%s", directory, e->d_name, suffix);
        if (*end == 0 && uid < (uid_t)-1 && n > 0 && (size_t)n < sizeof path)
            list_directory(l, path, (uid_t)uid);
    }
    if (d != NULL)
        closedir(d);
}

static int by_number(const void *a, const void *b)
{
    long x = process_number(a), y = process_number(b);
    return (x > y) - (x < y);
}

/* Where they listen that were told nothing, or may not use what they were told. */
static void list_usual(struct listing *l)
{
    const struct wire_said said = {NULL, getenv("XDG_RUNTIME_DIR")};
    char path[PATH_ROOM];
    enum wire_directory found;
    for (unsigned n = 0; (found = wire_directory(path, sizeof path, &said, n)) != WIRE_NO_MORE; n++)
        if (found == WIRE_DIRECTORY)
            list_directory(l, path, geteuid());
    /* The process may have had another environment: sudo, cron, a service. */
    if (geteuid() == 0) {
        list_users(l, "/run/user", "", "/swrcache");
        list_users(l, "/tmp", "swrcache-", "");
    } else {
        snprintf(path, sizeof path, "/run/user/%u/swrcache", (unsigned int)geteuid());
        list_directory(l, path, geteuid());
    }
}

static bool chosen(void)
{
    const char *directory = getenv("SWR_SOCKET_DIR");
    return directory != NULL && directory[0] != 0;
}

void listing_fill(struct listing *l)
{
    char path[PATH_ROOM];
    l->count = l->passed_over = directories = 0;
    if (!chosen())
        list_usual(l);
    else if (socket_first_directory(path))
        list_directory(l, path, geteuid() == 0 ? (uid_t)-1 : geteuid());
    else
        tell("SWR_SOCKET_DIR=%s: its name is too long, or not absolute", getenv("SWR_SOCKET_DIR"));
    qsort(l->list, l->count, sizeof *l->list, by_number);
}

/* A number is one as this tool sees it: what a container calls 1 is not this machine's. */
static bool meant(const struct process *p, const char *wanted)
{
    char *end;
    long pid = strtol(wanted, &end, 10);
    return wanted[0] != 0 && *end == 0 ? p->pid != 0 && p->pid == pid : process_called(p, wanted);
}

static bool any_meant(const struct listing *l, const char *wanted)
{
    for (size_t i = 0; i < l->count; i++)
        if (meant(&l->list[i], wanted))
            return true;
    return false;
}

/* The others go. */
static size_t keep(struct listing *l, const char *wanted)
{
    size_t kept = 0;
    for (size_t i = 0; i < l->count; i++)
        if (meant(&l->list[i], wanted))
            l->list[kept++] = l->list[i];
    return kept;
}

int listing_choose(struct listing *l, const struct invocation *in)
{
    listing_fill(l);
    if (in->process != NULL) {
        /* It may have become somebody else, who may not listen in the chosen directory. */
        if (chosen() && !any_meant(l, in->process))
            list_usual(l);
        size_t kept = keep(l, in->process);
        if (kept == 0)
            absent_tell(in->process, l->list, l->count);
        l->count = kept;
        return kept > 0 ? STATUS_DONE : STATUS_NO_PROCESS;
    }
    if (l->count == 0) {
        char directory[PATH_ROOM];
        if (!socket_first_directory(directory))
            snprintf(directory, sizeof directory, "no usable directory");
        tell("no process with cached functions (looked in %s)", directory);
        return STATUS_NO_PROCESS;
    }
    if (l->count > 1 && !in->all) {
        tell("%zu processes have cached functions; say which with -p, or -a for all:", l->count);
        for (size_t i = 0; i < l->count; i++)
            text_print(stderr, "  %ld %s\n", process_number(&l->list[i]), l->list[i].program);
        return STATUS_USAGE;
    }
    return STATUS_DONE;
}
