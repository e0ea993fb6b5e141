#define _GNU_SOURCE
#include "absent.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "socket.h"
#include "terminal/text.h"

enum { TOLD_MOST = 8 };

/* It runs, and nobody answers for it. */
static void tell_silent(pid_t pid)
{
    char path[PATH_ROOM], name[PROGRAM_MAX];
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
    else
        tell("%s (%ld) %s, but has no control socket: it made no cached call yet, has SWR_CONTROL=0, another "
             "SWR_SOCKET_DIR, or is another user's",
             name, (long)pid, has > 0 ? "runs with libswrcache" : "runs");
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
