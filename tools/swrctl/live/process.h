/*
 * process.h - the processes that have a control socket, and the way to it.
 */
#ifndef SWRCTL_PROCESS_H
#define SWRCTL_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "terminal/invocation.h"

enum { PROGRAM_MAX = 256, PROCESSES_MAX = 1024, PATH_ROOM = 108 };

struct process {
    pid_t pid;
    uid_t uid;
    char program[PROGRAM_MAX]; /* for people */
    char directory[PATH_ROOM]; /* of its socket */
};

/*
 * Processes of this user (for root: of all users) that listen; those that are gone are passed over, and what
 * they left removed. Tells on stderr of directories that cannot be trusted.
 */
size_t process_list(struct process *list, size_t room);

/* Those that -p or -a mean, in `list`. STATUS_DONE, or what to end with after telling why. */
int process_choose(const struct invocation *in, struct process *list, size_t room, size_t *count);

/* A connection to the socket's owner, checked; -1 with errno, EPERM: somebody else's. */
int process_dial(const struct process *p);

bool process_stopped(pid_t pid);
void process_tell(const struct process *p, const char *why);

#endif
