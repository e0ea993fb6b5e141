#define _GNU_SOURCE
#include "absent.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/unit.h"
#include "socket.h"
#include "terminal/text.h"

enum { TOLD_MOST = 8 };

/* Was it told the place where this tool looks? 1: it was, 0: another, -1: nobody knows. */
static int same_place(pid_t pid, char *told, size_t room)
{
    const char *here = getenv("SWR_SOCKET_DIR");
    told[0] = 0;
    if (process_variable(pid, "SWR_SOCKET_DIR", told, room) < 0)
        return -1;
    return strcmp(told, here != NULL ? here : "") == 0;
}

/* Of a process that has no socket here. */
static void why_none(pid_t pid, char *why, size_t room)
{
    static const char *const switches[] = {"SWR_ENABLE", "SWR_CONTROL"};
    char value[PATH_MAX];
    bool on;
    for (size_t i = 0; i < sizeof switches / sizeof *switches; i++)
        if (process_variable(pid, switches[i], value, sizeof value) == 1 &&
            (!unit_switch(value, &on) || !on)) {
            snprintf(why, room, "it has %s=%.40s", switches[i], value);
            return;
        }
    int same = same_place(pid, value, sizeof value);
    if (same == 0)
        snprintf(why, room, "it has %s%.200s",
                 value[0] != 0 ? "SWR_SOCKET_DIR=" : "no SWR_SOCKET_DIR, but the usual one", value);
    else
        snprintf(why, room, "it made no cached call yet, %s",
                 same > 0 ? "or could make no socket"
                          : "has SWR_CONTROL=0, another SWR_SOCKET_DIR, or is another user's");
}

/* It runs, and nobody answers for it. */
static void tell_silent(pid_t pid)
{
    char path[PATH_ROOM], name[PROGRAM_MAX], why[300];
    struct stat st;
    int has = process_has_library(pid);
    if (!process_name(pid, name, sizeof name))
        snprintf(name, sizeof name, "?");
    if (!socket_first_directory(path))
        snprintf(path, sizeof path, "no usable directory");
    size_t len = strlen(path);
    snprintf(path + len, sizeof path - len, "/%ld.sock", (long)process_own_number(pid));
    if (has > 0 && lstat(path, &st) == 0)
        tell("%s (%ld) does not listen on %s any more: it closed the descriptor, or another process listens "
             "there",
             name, (long)pid, path);
    else if (has == 0)
        tell("%s (%ld) has no control socket: libswrcache is not loaded there", name, (long)pid);
    else {
        why_none(pid, why, sizeof why);
        tell("%s (%ld) %s, but has no control socket: %s", name, (long)pid,
             has > 0 ? "runs with libswrcache" : "runs", why);
    }
}

struct finding {
    const struct process *list;
    size_t count;
    struct absent *found;
    size_t nfound, room;
};

static bool find(pid_t pid, void *cookie)
{
    struct finding *f = cookie;
    struct absent *a = &f->found[f->nfound];
    char told[PATH_MAX];
    for (size_t i = 0; i < f->count; i++)
        if (f->list[i].pid == pid)
            return true;
    *a = (struct absent){.process = {.pid = pid}};
    if (pid == getpid() || process_has_library(pid) <= 0 || same_place(pid, told, sizeof told) <= 0 ||
        !process_user(pid, &a->process.uid))
        return true;
    a->process.own = process_own_number(pid);
    if (!process_name(pid, a->process.program, sizeof a->process.program))
        snprintf(a->process.program, sizeof a->process.program, "?");
    why_none(pid, a->why, sizeof a->why);
    return ++f->nfound < f->room;
}

size_t absent_find(const struct process *list, size_t count, struct absent *found, size_t room)
{
    struct finding f = {list, count, found, 0, room};
    process_each(find, &f);
    return f.nfound;
}

struct looking {
    struct process process; /* to be called like this */
    const char *wanted;
    unsigned found;
};

static bool look(pid_t pid, void *cookie)
{
    struct looking *l = cookie;
    l->process.pid = pid;
    l->process.program[0] = 0;
    if (!process_called(&l->process, l->wanted) || process_has_library(pid) == 0)
        return true;
    tell_silent(pid);
    return ++l->found < TOLD_MOST;
}

void absent_tell(const char *wanted, const struct process *list, size_t count)
{
    char *end;
    long pid = strtol(wanted, &end, 10);
    bool number = wanted[0] != 0 && *end == 0;
    struct looking l = {.wanted = wanted};
    if (number && pid > 0 && pid <= INT_MAX && (kill((pid_t)pid, 0) == 0 || errno != ESRCH)) {
        tell_silent((pid_t)pid);
        l.found = 1;
    } else if (!number) {
        process_each(look, &l);
    }
    if (l.found == 0)
        tell("no process %s with cached functions; swrctl ps lists them", wanted);
    for (size_t i = 0; number && i < count; i++)
        if (list[i].own == pid && list[i].pid != pid && list[i].pid != 0)
            tell("%s numbers itself %ld in its own namespace; here it is %ld", list[i].program, pid,
                 (long)list[i].pid);
}
